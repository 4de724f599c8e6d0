import type { Schedule } from '../job/types';

/** A whole minute between any two: of five fields, and of `@hourly` and the like. */
const minuteMs = 60_000;
const secondMs = 1000;

/** No two occurrences of a schedule are less than so many ms apart: a lower bound that costs next to nothing to know. */
export function shortestPeriodMs(schedule: Schedule): number {
  if ('at' in schedule) return Number.POSITIVE_INFINITY;
  if ('everyMs' in schedule) return schedule.everyMs;
  return schedule.cron.trim().split(/\s+/).length === 6 ? secondMs : minuteMs;
}
