import { retryMs } from './retry';
import type { Trouble } from './types';

/** Host k of the last known list waits k times this long before it rings: nobody can agree without MongoDB. */
const rankDelayMs = 20_000;
/** A trouble that lasts is told again after this span. */
export const repeatMs = 3_600_000;

/** What a host remembers of MongoDB's absence. All in ms of a clock that never jumps. */
export interface Absence {
  /** When MongoDB last answered, as far as this process watched. */
  answeredMs: number;
  /** When a person was told last; null: not yet. */
  toldMs: number | null;
  /** Messages that were told; the number of the last one. */
  told: number;
  /** Failed attempts at the message that is due. */
  tries: number;
  nextTryMs: number;
}

export function noAbsence(answeredMs: number): Absence {
  return { answeredMs, toldMs: null, told: 0, tries: 0, nextTryMs: 0 };
}

export interface AbsenceLimits {
  alertAfterMs: number;
  /** Place of this host in the last known list, from 0. */
  rank: number;
}

/** Whether a person is to be told now that MongoDB is away. */
export function absenceToTell(absence: Absence, nowMs: number, { alertAfterMs, rank }: AbsenceLimits): boolean {
  if (nowMs < absence.nextTryMs) return false;
  if (absence.toldMs !== null) return nowMs - absence.toldMs >= repeatMs;
  return nowMs - absence.answeredMs >= alertAfterMs + rank * rankDelayMs;
}

export function absenceTold(absence: Absence, nowMs: number): Absence {
  return { ...absence, toldMs: nowMs, told: absence.told + 1, tries: 0, nextTryMs: 0 };
}

export function absenceNotTold(absence: Absence, nowMs: number): Absence {
  return { ...absence, tries: absence.tries + 1, nextTryMs: nowMs + retryMs(absence.tries + 1) };
}

/** `since` by MongoDB's time as it is estimated here; `reason` is what the driver said last. */
export function absenceTrouble(hostId: string, since: Date, reason: string | null): Trouble {
  const said = reason === null ? '' : ` (${reason})`;
  return {
    kind: 'databaseAway',
    subject: hostId,
    title: `host ${hostId} has no MongoDB`,
    sentence: `Host ${hostId} cannot renew its lease with MongoDB${said}: until it can, it runs no job and sends no alert. Look at MongoDB and at the network to it.`,
    since,
  };
}
