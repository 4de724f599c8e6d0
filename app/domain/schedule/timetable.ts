import type { EverySchedule, OnceSchedule, Schedule } from '../job/types';
import { cronTimetable } from './cronTimetable';

/** The instants of one schedule. */
export interface Timetable {
  /** The first instant strictly later than `after`, or null when there is none. */
  next(after: Date): Date | null;
  /** The last instant strictly earlier than `before`, or null when there is none. */
  previous(before: Date): Date | null;
}

export interface Bounds {
  /** First instant that counts; null for no bound. */
  startAt: Date | null;
  /** Exclusive; null for no bound. */
  endAt: Date | null;
}

/** Compiles a valid schedule; one call serves any number of questions. */
export function timetable(schedule: Schedule, bounds: Bounds = { startAt: null, endAt: null }): Timetable {
  return bounded(unbounded(schedule), bounds);
}

/** Whether `at` is one of the instants. */
export function includes(table: Timetable, at: Date): boolean {
  return table.next(new Date(at.getTime() - 1))?.getTime() === at.getTime();
}

function unbounded(schedule: Schedule): Timetable {
  if ('cron' in schedule) return cronTimetable(schedule);
  return 'everyMs' in schedule ? everyTimetable(schedule) : onceTimetable(schedule);
}

function everyTimetable({ everyMs, anchorAt }: EverySchedule): Timetable {
  const anchor = anchorAt.getTime();
  const instant = (step: number) => new Date(anchor + step * everyMs);
  return {
    next: after => instant(Math.floor((after.getTime() - anchor) / everyMs) + 1),
    previous: before => instant(Math.ceil((before.getTime() - anchor) / everyMs) - 1),
  };
}

function onceTimetable({ at }: OnceSchedule): Timetable {
  return {
    next: after => (at.getTime() > after.getTime() ? at : null),
    previous: before => (at.getTime() < before.getTime() ? at : null),
  };
}

function bounded(inner: Timetable, { startAt, endAt }: Bounds): Timetable {
  const start = startAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  const end = endAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const inside = (at: Date | null) => (at !== null && at.getTime() >= start && at.getTime() < end ? at : null);
  return {
    next: after =>
      inside(inner.next(new Date(Math.max(after.getTime(), startAt === null ? after.getTime() : start - 1)))),
    previous: before => inside(inner.previous(new Date(Math.min(before.getTime(), end)))),
  };
}
