/**
 * A lane is a slot that one run at a time may hold. A job's own lane has the job's name; the names of the others hold
 * characters that a job's name cannot have.
 */

/** The slot of the one run of a job that waits for the job's lane under `queue` and `replace`. */
export function waitingPlace(job: string): string {
  return `${job}:waiting`;
}

/** Runs that may have this lane stand in one queue, named by the first lane that they may have. */
export function queueOf(lane: string): string {
  return lane.replace(/(~backfill~)\d+$/, '$11');
}

/** The lanes of a backfill that may run beside the schedule: as many as it may run at a time. */
export function backfillLanes(job: string, concurrency: number): string[] {
  return Array.from({ length: concurrency }, (_, index) => `${job}~backfill~${index + 1}`);
}
