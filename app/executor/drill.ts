import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { spanBetween } from '../domain/span';
import { postHttp } from '../net/http';
import type { OutboundPolicy } from '../net/types';
import type { Executor, Outcome, RunIdentity, RunTools } from './types';

const settings = z.strictObject({
  /** The witness: a receiver outside of Watchbell. Null tells nobody: what is left is the path of a run alone. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullable(),
  /** How long the work between the two calls takes. */
  workMs: spanBetween(0, 600_000),
  /** Wall limit of one call. */
  callMs: spanBetween(100, 60_000).default(5000),
});

type Settings = z.infer<typeof settings>;

/** What the kind needs of the worker that it runs in. */
export interface DrillSurroundings {
  outbound: OutboundPolicy;
  /** Who this member is, and how long it may still have an effect, by both clocks. */
  lease: { readonly memberId: string; remainingMs(): number };
}

/** A witness that does not take a call: the run fails. */
class WitnessError extends Error {
  override readonly name = 'WitnessError';
  readonly code = 'witness';
}

/** The own deadline has passed before the call was handed over. */
class LeasePassed extends Error {
  override readonly name = 'LeasePassed';
}

const answerLimit = 64 * 1024;
/** Whoever watches over the lease ends the run within this span. */
const abortMs = 2000;

/**
 * Tells a receiver outside of Watchbell when a run begins and ends its work, so that `npm run drill` can count starts
 * without believing Watchbell's own records. Registered by WATCHBELL_DRILL only.
 */
export function drill(surroundings: DrillSurroundings): Executor<Settings> {
  return {
    kind: 'drill',
    settings,
    references: () => [],
    run: (given, tools, signal) => run(surroundings, given, tools, signal),
    failed: () => null,
  };
}

async function run(
  surroundings: DrillSurroundings,
  given: Settings,
  { run: identity }: RunTools,
  signal: AbortSignal,
): Promise<Outcome> {
  if (identity === undefined) throw new WitnessError('A drill has nothing to tell of outside of a run.');
  const told = { ...identity, member: surroundings.lease.memberId };
  try {
    await tell(surroundings, given, { ...told, phase: 'start' }, signal);
    if (given.workMs > 0) await sleep(given.workMs, undefined, { signal });
    await tell(surroundings, given, { ...told, phase: 'end' }, signal);
  } catch (error) {
    if (error instanceof LeasePassed) await aborted(signal);
    throw error;
  }
  return { check: null, summary: { workMs: given.workMs } };
}

/** A run whose lease has passed has not failed: it ends by its signal, which a stopped process hears of a little later. */
async function aborted(signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(abortMs);
  while (!signal.aborted && !limit.aborted) await sleep(20);
  signal.throwIfAborted();
}

async function tell(
  { outbound, lease }: DrillSurroundings,
  { url, callMs }: Settings,
  { id, fence, phase, member }: RunIdentity & { phase: 'start' | 'end'; member: string },
  signal: AbortSignal,
): Promise<void> {
  if (url === null) return;
  const answer = await postHttp({
    url,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': id, 'Watchbell-Fence': String(fence) },
    body: JSON.stringify({ occurrence: id, fence, member, phase }),
    timeoutMs: callMs,
    maxBytes: answerLimit,
    signal,
    policy: outbound,
    // A process that was stopped comes here before its timers have told it that its lease is lost.
    beforeSend: () => {
      signal.throwIfAborted();
      if (lease.remainingMs() <= 0)
        throw new LeasePassed('The lease is lost: this member may have no effect any more.');
    },
  });
  if (answer.status !== 204) throw new WitnessError(`The witness answered ${answer.status} to the ${phase} of ${id}.`);
}
