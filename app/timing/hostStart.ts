import { setTimeout as sleep } from 'node:timers/promises';
import { isGone, isSameMachine, processIdentity } from '../cluster/processIdentity';
import { SettingsError } from '../domain/errors';
import type { Log } from '../domain/log';
import type { Members, MemberView } from '../repository/members';

export interface HostStart {
  hostId: string;
  /** Members of this master are siblings, not leftovers. */
  masterPid: number;
  pid: number;
  log: Log;
}

/** A leftover of this machine has this long beyond its lease to go: Egg gives its agent 5 s and never kills it. */
const leftoverExtraMs = 10_000;
const lookMs = 250;

/**
 * Makes sure that no other machine and no older start uses this hostId: those of this machine that are gone are dead at
 * once, a leftover is waited for, anything else is watched for its lease; if it renews, two machines use one id.
 * Throws SettingsError then. MongoDB must answer.
 */
export async function assertOwnHostId(members: Members, start: HostStart): Promise<void> {
  const first = new Map<string, { counter: number; since: number }>();
  for (;;) {
    const others = await foreign(members, start);
    if (others.length === 0) return;
    const now = performance.now();
    for (const member of others) {
      const seen = first.get(member._id) ?? { counter: member.counter, since: now };
      first.set(member._id, seen);
      await judge(members, start, member, seen, now);
    }
    await sleep(lookMs);
  }
}

/** Live members of this hostId that this start did not make; those that are gone for certain are marked dead. */
async function foreign(members: Members, { hostId, masterPid, pid, log }: HostStart): Promise<MemberView[]> {
  const here = processIdentity(pid);
  const others: MemberView[] = [];
  for (const member of await members.live()) {
    if (member.hostId !== hostId) continue;
    if (isGone(member.pid, member.process)) {
      await members.markDead(member._id, member.counter);
      log.info('host.leftoverGone', { member: member._id });
    } else if (!(isSameMachine(member.process, here) && member.masterPid === masterPid)) {
      others.push(member);
    }
  }
  return others;
}

async function judge(
  members: Members,
  { hostId, pid, log }: HostStart,
  member: MemberView,
  seen: { counter: number; since: number },
  now: number,
): Promise<void> {
  const waited = now - seen.since;
  if (isSameMachine(member.process, processIdentity(pid))) {
    if (waited < member.leaseMs + leftoverExtraMs) return;
    throw new SettingsError(
      `The host id "${hostId}" is in use by process ${member.pid} of this machine; stop it first.`,
    );
  }
  if (member.counter !== seen.counter) {
    throw new SettingsError(
      `The host id "${hostId}" is in use by another machine (member ${member._id}); give each host its own WATCHBELL_HOST_ID.`,
    );
  }
  if (waited >= member.leaseMs && (await members.markDead(member._id, member.counter))) {
    log.warn('member.dead', { member: member._id, hostId });
  }
}
