import type { Misfire } from '../job/types';
import type { Timetable } from './timetable';

export interface DueQuestion {
  table: Timetable;
  /** Nothing at or before it is due: the latest instant that is settled. */
  after: Date;
  now: Date;
  /** What is later than this span is decided by the misfire policy. */
  graceMs: number;
  misfire: Misfire;
}

/**
 * The occurrences in (after, now] that are to run, oldest first: everything within graceMs, and of what is older the
 * last one when the policy is `last`.
 */
export function dueOccurrences({ table, after, now, graceMs, misfire }: DueQuestion): Date[] {
  const graceFrom = now.getTime() - graceMs;
  const due: Date[] = [];
  let at = table.previous(new Date(now.getTime() + 1));
  while (at !== null && at.getTime() > after.getTime()) {
    if (at.getTime() >= graceFrom) {
      due.push(at);
    } else {
      if (misfire === 'last') due.push(at);
      break;
    }
    at = table.previous(at);
  }
  return due.reverse();
}
