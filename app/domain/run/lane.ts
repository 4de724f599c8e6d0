import type { PlacedRun } from './placement';

/**
 * A lane is a slot that one run at a time may hold. A job's own lane has the job's name, and `~hostId` behind it where
 * every host runs the job; the names of the others hold characters that neither a job's name nor a hostId can have.
 */
export function laneOf({ job, boundTo }: { job: string } & Pick<PlacedRun, 'boundTo'>): string {
  return boundTo === undefined ? job : `${job}~${boundTo}`;
}

/** The slot of the one run that waits for a job's own lane under `queue` and `replace`. */
export function waitingPlace(lane: string): string {
  return `${lane}:waiting`;
}

/** Runs that may have this lane stand in one queue, named by the first lane that they may have. */
export function queueOf(lane: string): string {
  return lane.replace(/(~backfill~)\d+$/, '$11');
}

/** The lane of catch-ups of a job whose runs may overlap: those run one after another. */
export function catchUpLane(lane: string): string {
  return `${lane}~catchup`;
}

/** The lanes of a backfill that may run beside the schedule: as many as it may run at a time. */
export function backfillLanes(lane: string, concurrency: number): string[] {
  return Array.from({ length: concurrency }, (_, index) => `${lane}~backfill~${index + 1}`);
}
