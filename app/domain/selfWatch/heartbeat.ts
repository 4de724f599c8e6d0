/** Counts of this host at one moment; both only grow while its processes live. */
export interface ClaimSample {
  atMs: number;
  /** Occurrences that the agent announced. */
  announced: number;
  /** Claims that its workers made, won or lost. */
  claimed: number;
}

/** What must have worked within this span for the heartbeat to go out, in ms. */
export const heartbeatWindowMs = 60_000;

/** The samples that are still needed: those of the window and one from before. Counts that fell begin anew. */
export function withSample(samples: readonly ClaimSample[], sample: ClaimSample): ClaimSample[] {
  const last = samples.at(-1);
  const restarted = last !== undefined && (sample.claimed < last.claimed || sample.announced < last.announced);
  const kept = restarted ? [] : samples;
  const firstNeeded = kept.findLastIndex(({ atMs }) => sample.atMs - atMs >= heartbeatWindowMs);
  return [...kept.slice(Math.max(0, firstNeeded)), sample];
}

/** False where something was announced, had the time from one sample to the next, and nothing at all was claimed. */
export function claimsWork(samples: readonly ClaimSample[]): boolean {
  const [first, last, previous] = [samples[0], samples.at(-1), samples.at(-2)];
  if (first === undefined || last === undefined || previous === undefined) return true;
  const whole = last.atMs - first.atMs >= heartbeatWindowMs;
  return !whole || previous.announced === first.announced || last.claimed > first.claimed;
}

export interface HeartbeatFacts {
  /** Ms since the last renewal of the agent's lease; null before the first. */
  renewedAgoMs: number | null;
  suspended: boolean;
  workersAnswer: boolean;
  claims: readonly ClaimSample[];
  /** Deliveries that are due for longer than the window and that nobody attempts; null where MongoDB did not say. */
  overdueDeliveries: number | null;
}

/** Why no heartbeat may go out; null where everything works. */
export function whyNoHeartbeat(facts: HeartbeatFacts): string | null {
  const { renewedAgoMs, suspended, workersAnswer, claims, overdueDeliveries } = facts;
  if (renewedAgoMs === null || renewedAgoMs > heartbeatWindowMs) return 'the lease was not renewed within a minute';
  if (suspended) return 'this host is suspended: its clock is wrong';
  if (!workersAnswer) return 'no worker of this host answers';
  if (!claimsWork(claims)) return 'what was announced was not claimed within a minute';
  if (overdueDeliveries === null) return 'the deliveries cannot be looked at';
  if (overdueDeliveries > 0) return 'deliveries are due for more than a minute and nobody sends them';
  return null;
}
