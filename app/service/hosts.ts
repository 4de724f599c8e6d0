import { hostState, memberState, stopsSince } from '../domain/cluster/hostState';
import type { MemberDoc } from '../model/member';
import type { Database } from '../repository/database';
import { type Drain, Drains } from '../repository/drains';
import { Members } from '../repository/members';
import { RunOwners } from '../repository/runOwners';

/** What is known of the hosts at one moment. */
export interface SeenHosts {
  members: readonly MemberDoc[];
  drains: readonly Drain[];
  /** Runs in progress by member. */
  running: ReadonlyMap<string, number>;
}

/** Reads what the hosts look like. */
export class HostReader {
  private readonly members: Members;
  private readonly drains: Drains;
  private readonly owners: RunOwners;

  constructor(database: Database) {
    this.members = new Members(database);
    this.drains = new Drains(database);
    this.owners = new RunOwners(database);
  }

  async seen(): Promise<SeenHosts> {
    const looks = [this.members.all(), this.drains.all(), this.owners.running()] as const;
    const [members, drains, running] = await Promise.all(looks);
    return { members, drains, running };
  }
}

/** Hosts that lived within the last day, and those that are drained. */
export function hostIds({ members, drains }: SeenHosts): string[] {
  return [...new Set([...members, ...drains].map(({ hostId }) => hostId))].sort();
}

/** A host as people see it: its state, who drains it, and how many runs are in progress there. */
export function hostView(hostId: string, { members, drains, running }: SeenHosts): Record<string, unknown> {
  const own = members.filter(member => member.hostId === hostId);
  const drain = drains.find(one => one.hostId === hostId);
  const runs = own.reduce((sum, { _id, state }) => sum + (state === 'live' ? (running.get(_id) ?? 0) : 0), 0);
  return { hostId, state: hostState(own, drain !== undefined), draining: drainingView(drain, stopsSince(own)), runs };
}

/** The state of a member, its host's drain included. */
export function stateOf(member: MemberDoc, { members, drains }: SeenHosts): string {
  const own = members.filter(({ hostId }) => hostId === member.hostId);
  const hostDrains = drains.some(({ hostId }) => hostId === member.hostId) || stopsSince(own) !== null;
  return memberState(member, hostDrains);
}

/** Who wanted it: by the API, or null where the server is being stopped. */
function drainingView(drain: Drain | undefined, stopping: Date | null) {
  if (drain !== undefined) return { since: drain.askedAt, by: drain.askedBy, runsUntil: drain.runsUntil };
  return stopping === null ? null : { since: stopping, by: null, runsUntil: null };
}
