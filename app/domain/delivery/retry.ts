import type { ChannelError } from '../errors';
import { spread } from './spread';
import type { DeliveryError, Transition } from './types';

/** How long a delivery may wait for a broken channel or a full budget (design.md §7). */
export const waitLimitMs = 24 * 3_600_000;
/** How often a delivery looks again whether its broken channel was mended. */
export const brokenRecheckMs = 30_000;

const firstBackoffMs = 1000;
const backoffFactor = 4;
/** WeCom allows three retries of "system busy" (integrations.md §3.1); a remote that knows an idempotency key may be asked longer. */
const retries = { plain: 3, idempotent: 6 };
/** A remote that says "later" is believed up to this span. */
const longestRetryAfterMs = 3_600_000;

export interface Attempted {
  id: string;
  /** Attempts so far, this one included. */
  attempts: number;
  createdAt: Date;
  possibleDuplicate: boolean;
}

export interface ChannelTraits {
  idempotent: boolean;
  onUncertain: 'retry' | 'leave';
}

/** What a failed hand-over means for its delivery. */
export function afterError(delivery: Attempted, error: ChannelError, channel: ChannelTraits, now: Date): Transition {
  const said = { code: error.code, message: error.message };
  const { broken, holdMs, uncertain, retryable, retryAfterMs } = error.options;
  if (broken) return waitOrGiveUp(delivery, said, brokenRecheckMs, now);
  if (holdMs !== undefined) return waitOrGiveUp(delivery, said, holdMs, now);
  if (uncertain && !channel.idempotent) return afterUnknown(delivery, said, channel);
  if (!retryable && !uncertain) return giveUp(delivery, said);
  if (exhausted(delivery, channel)) return giveUp(delivery, said);
  const asked = Math.min(retryAfterMs ?? 0, longestRetryAfterMs);
  return { to: 'pending', afterMs: Math.max(backoffMs(delivery), asked), counted: true, error: said };
}

/** A send that may have arrived, to a remote that knows no idempotency key: once more, marked, or never again. */
function afterUnknown(delivery: Attempted, error: DeliveryError, channel: ChannelTraits): Transition {
  const again = channel.onUncertain === 'retry' && !delivery.possibleDuplicate;
  return { to: 'uncertain', retryAfterMs: again ? backoffMs(delivery) : null, error };
}

/** The member that had it is gone: whether it was handed over is unknown. */
export function afterLostMember(delivery: Attempted, member: string, channel: ChannelTraits): Transition {
  const error = { code: 'memberLost', message: `${member} was lost while it sent this.` };
  if (!channel.idempotent) return afterUnknown(delivery, error, channel);
  return exhausted(delivery, channel) ? giveUp(delivery, error) : { to: 'pending', afterMs: 0, counted: true, error };
}

function exhausted({ attempts }: Attempted, { idempotent }: ChannelTraits): boolean {
  return attempts - 1 >= (idempotent ? retries.idempotent : retries.plain);
}

/** Waits without counting an attempt, until the delivery is older than waitLimitMs. */
export function waitOrGiveUp(
  delivery: Pick<Attempted, 'createdAt' | 'possibleDuplicate'>,
  error: DeliveryError,
  afterMs: number,
  now: Date,
): Transition {
  if (now.getTime() - delivery.createdAt.getTime() < waitLimitMs) {
    return { to: 'pending', afterMs, counted: false, error };
  }
  return giveUp(delivery, { code: error.code, message: `${error.message} (given up after 24 h)` });
}

/** Where an earlier hand-over may have arrived, "failed" would say too much. */
function giveUp({ possibleDuplicate }: Pick<Attempted, 'possibleDuplicate'>, error: DeliveryError): Transition {
  return possibleDuplicate ? { to: 'uncertain', retryAfterMs: null, error } : { to: 'failed', error };
}

/** 1 s, 4 s, 16 s …, moved by up to a fifth either way so that what failed together does not return together. */
export function backoffMs({ id, attempts }: Pick<Attempted, 'id' | 'attempts'>): number {
  const exact = firstBackoffMs * backoffFactor ** Math.max(0, attempts - 1);
  return Math.round(exact * (0.8 + 0.4 * spread(`${id}#${attempts}`)));
}
