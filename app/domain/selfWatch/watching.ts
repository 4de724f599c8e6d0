import { type FoundTrouble, troubleKey } from './types';

export interface WatchLimits {
  /** Between two looks further apart than this nobody looked: what is found is watched anew. */
  gapMs: number;
  /** A trouble must be gone for this long before its end is told: one look between two faults is no end. */
  quietMs: number;
}

interface Sighting {
  firstMs: number;
  lastMs: number;
}

/** Since when this process finds which trouble, in ms of a clock that never jumps. */
export type Sightings = ReadonlyMap<string, Sighting>;

/** What one look adds. */
export function withLook(
  before: Sightings,
  found: readonly FoundTrouble[],
  nowMs: number,
  { gapMs, quietMs }: WatchLimits,
): Sightings {
  const present = new Set(found.map(troubleKey));
  const after = new Map<string, Sighting>();
  for (const [key, sighting] of before) {
    if (!present.has(key) && nowMs - sighting.lastMs < quietMs) after.set(key, sighting);
  }
  for (const key of present) {
    const known = before.get(key);
    const unbroken = known !== undefined && nowMs - known.lastMs <= gapMs;
    after.set(key, { firstMs: unbroken ? known.firstMs : nowMs, lastMs: nowMs });
  }
  return after;
}

/** What has been found for long enough to be told. */
export function lasting(found: readonly FoundTrouble[], sightings: Sightings, nowMs: number): FoundTrouble[] {
  return found.filter(trouble => {
    const sighting = sightings.get(troubleKey(trouble));
    return sighting !== undefined && nowMs - sighting.firstMs >= trouble.holdMs;
  });
}

/** Whether a trouble has been gone for long enough; `watchedSinceMs`: since when this process looks without a gap. */
export function isOver(
  key: string,
  sightings: Sightings,
  watchedSinceMs: number,
  nowMs: number,
  { quietMs }: WatchLimits,
): boolean {
  return !sightings.has(key) && nowMs - watchedSinceMs >= quietMs;
}
