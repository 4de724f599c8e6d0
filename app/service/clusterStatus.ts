import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberDoc } from '../model/member';
import type { Database } from '../repository/database';
import { Members } from '../repository/members';
import { Revisions } from '../repository/revisions';
import { SchemaVersions } from '../repository/schemaVersions';
import { HostReader, hostIds, hostView, type SeenHosts, stateOf } from './hosts';

/** How many live members have a revision in force. */
export interface Convergence {
  applied: number;
  members: number;
  converged: boolean;
}

const lookEveryMs = 50;

/** Who is in the cluster and what each has in force, read from MongoDB. */
export class ClusterStatus {
  private readonly members: Members;
  private readonly revisions: Revisions;
  private readonly schemas: SchemaVersions;
  private readonly hosts: HostReader;

  constructor(database: Database) {
    this.members = new Members(database);
    this.revisions = new Revisions(database);
    this.schemas = new SchemaVersions(database);
    this.hosts = new HostReader(database);
  }

  async status(): Promise<Record<string, unknown>> {
    const looks = [this.revisions.current(), this.schemas.newestWritten(), this.hosts.seen()] as const;
    const [revision, newestWritten, seen] = await Promise.all(looks);
    const { members } = seen;
    const { converged } = convergence(members, revision);
    const schema = { ...knownSchemas(members), newestWritten };
    const shown = {
      hosts: hostIds(seen).map(hostId => hostView(hostId, seen)),
      members: members.map(member => memberView(member, seen)),
    };
    return { revision, converged, schema, ...shown };
  }

  /** Waits until every live member has the revision in force, at most timeoutMs; answers how it stands then. */
  async converged(revision: number, timeoutMs: number): Promise<Convergence> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = convergence(await this.members.live(), revision);
      if (found.converged || performance.now() + lookEveryMs > deadline) return found;
      await sleep(lookEveryMs);
    }
  }
}

/** Suspended and dead members do not count. */
function convergence(members: readonly MemberDoc[], revision: number): Convergence {
  const counted = members.filter(member => member.state === 'live' && !member.suspended);
  const applied = counted.filter(member => member.appliedRevision >= revision).length;
  return { applied, members: counted.length, converged: applied === counted.length };
}

/** How many live members know which schema as their newest; what all of them know is in force. */
function knownSchemas(all: readonly MemberDoc[]) {
  const known = all.filter(member => member.state === 'live').map(member => member.schema);
  const members: Record<string, number> = {};
  for (const schema of known) members[schema] = (members[schema] ?? 0) + 1;
  return { inForce: known.length === 0 ? null : Math.min(...known), members };
}

function memberView(member: MemberDoc, seen: SeenHosts): Record<string, unknown> {
  const { _id: id, hostId, hostLabels, role, pid, startedAt, lastSeenAt, leaseMs } = member;
  const { appliedRevision, clockSkewMs, schema, version } = member;
  const leaseUntil = new Date(lastSeenAt.getTime() + leaseMs);
  const process = { id, hostId, hostLabels, role, pid, startedAt, lastSeenAt, leaseUntil };
  return { ...process, appliedRevision, clockSkewMs, state: stateOf(member, seen), schema, version };
}
