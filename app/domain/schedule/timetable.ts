import type { DayRule } from '../calendar/types';
import type { Schedule } from '../job/types';
import { BoundedTimetable } from './boundedTimetable';
import { calendarTimetable } from './calendarTimetable';
import { cronTimetable } from './cronTimetable';
import { EveryTimetable, OnceTimetable } from './fixedTimetables';

/** The instants of one schedule, in ms since the epoch. */
export interface Timetable {
  /** The first instant strictly later than `after`, or null when there is none. */
  next(after: number): number | null;
  /** The last instant strictly earlier than `before`, or null when there is none. */
  previous(before: number): number | null;
  /** How many instants are in (after, until]. */
  count(after: number, until: number): number;
  /** Whether a calendar keeps this instant back: it is an occurrence that is recorded, and not run. */
  keptBack(at: number): boolean;
  /** What a person should know of this instant ("shifted: 02:30 does not exist"); null where nothing moved it. */
  note(at: number): string | null;
}

export interface Bounds {
  /** First instant that counts; null for no bound. */
  startAt: Date | null;
  /** Exclusive; null for no bound. */
  endAt: Date | null;
}

const noBounds: Bounds = { startAt: null, endAt: null };

/** Compiles a valid schedule; one call serves any number of questions. `rule` is the job's calendar. */
export function timetable(
  schedule: Schedule,
  { startAt, endAt }: Bounds = noBounds,
  rule: DayRule | null = null,
): Timetable {
  const whole = unbounded(schedule);
  const inner = rule === null ? whole : calendarTimetable(whole, schedule, rule);
  if (startAt === null && endAt === null) return inner;
  const start = startAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  return new BoundedTimetable(inner, start, endAt?.getTime() ?? Number.POSITIVE_INFINITY);
}

/** The instants in [from, until], oldest first, computed as they are taken. */
export function* instants(table: Timetable, from: number, until: number): Generator<number, void> {
  for (let at = table.next(from - 1); at !== null && at <= until; at = table.next(at)) yield at;
}

/** Whether `at` is one of the instants. */
export function includes(table: Timetable, at: number): boolean {
  return table.next(at - 1) === at;
}

function unbounded(schedule: Schedule): Timetable {
  if ('cron' in schedule) return cronTimetable(schedule);
  return 'everyMs' in schedule ? new EveryTimetable(schedule) : new OnceTimetable(schedule);
}
