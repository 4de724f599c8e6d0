import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberDoc } from '../model/member';
import type { Database } from '../repository/database';
import { Members } from '../repository/members';
import { Revisions } from '../repository/revisions';

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

  constructor(database: Database) {
    this.members = new Members(database);
    this.revisions = new Revisions(database);
  }

  async status(): Promise<Record<string, unknown>> {
    const [revision, members] = await Promise.all([this.revisions.current(), this.members.all()]);
    return { revision, converged: convergence(members, revision).converged, members: members.map(memberView) };
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

function memberView(member: MemberDoc): Record<string, unknown> {
  const { _id: id, hostId, role, pid, startedAt, lastSeenAt, leaseMs, appliedRevision, clockSkewMs } = member;
  const leaseUntil = new Date(lastSeenAt.getTime() + leaseMs);
  const state = member.state === 'live' && member.suspended ? 'suspended' : member.state;
  return { id, hostId, role, pid, startedAt, lastSeenAt, leaseUntil, appliedRevision, clockSkewMs, state };
}
