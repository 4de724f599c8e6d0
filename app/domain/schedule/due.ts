import type { Misfire } from '../job/types';
import type { Timetable } from './timetable';

export interface DueQuestion {
  table: Timetable;
  /** Nothing at or before it is due: the latest instant that is settled. */
  after: number;
  now: number;
  /** What is later than this span is decided by the misfire policy. */
  graceMs: number;
  misfire: Misfire;
}

/**
 * The occurrences in (after, now] that are to run, oldest first: everything within graceMs, and of what is older the
 * last one when the policy is `last`.
 */
export function dueOccurrences({ table, after, now, graceMs, misfire }: DueQuestion): number[] {
  const graceFrom = now - graceMs;
  const due: number[] = [];
  let at = table.previous(now + 1);
  while (at !== null && at > after) {
    if (at >= graceFrom) {
      due.push(at);
    } else {
      if (misfire === 'last') due.push(at);
      break;
    }
    at = table.previous(at);
  }
  return due.reverse();
}
