import type { DayRule } from '../calendar/types';
import type { EverySchedule, OnceSchedule, Schedule } from '../job/types';
import { cronTimetable } from './cronTimetable';

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
export function timetable(schedule: Schedule, bounds: Bounds = noBounds, _rule: DayRule | null = null): Timetable {
  return new BoundedTimetable(unbounded(schedule), bounds);
}

/** Whether `at` is one of the instants. */
export function includes(table: Timetable, at: number): boolean {
  return table.next(at - 1) === at;
}

type Walk = Pick<Timetable, 'next' | 'previous'>;

function unbounded(schedule: Schedule): Walk {
  if ('cron' in schedule) return cronTimetable(schedule);
  return 'everyMs' in schedule ? everyTimetable(schedule) : onceTimetable(schedule);
}

function everyTimetable({ everyMs, anchorAt }: EverySchedule): Walk {
  const anchor = anchorAt.getTime();
  const instant = (step: number) => anchor + step * everyMs;
  return {
    next: after => instant(Math.floor((after - anchor) / everyMs) + 1),
    previous: before => instant(Math.ceil((before - anchor) / everyMs) - 1),
  };
}

function onceTimetable({ at }: OnceSchedule): Walk {
  const instant = at.getTime();
  return {
    next: after => (instant > after ? instant : null),
    previous: before => (instant < before ? instant : null),
  };
}

class BoundedTimetable implements Timetable {
  private readonly start: number;
  private readonly end: number;

  constructor(
    private readonly inner: Walk,
    { startAt, endAt }: Bounds,
  ) {
    this.start = startAt?.getTime() ?? Number.NEGATIVE_INFINITY;
    this.end = endAt?.getTime() ?? Number.POSITIVE_INFINITY;
  }

  next(after: number): number | null {
    return this.inside(this.inner.next(Math.max(after, this.start - 1)));
  }

  previous(before: number): number | null {
    return this.inside(this.inner.previous(Math.min(before, this.end)));
  }

  count(after: number, until: number): number {
    let count = 0;
    for (let at = this.next(after); at !== null && at <= until; at = this.next(at)) count += 1;
    return count;
  }

  keptBack(): boolean {
    return false;
  }

  note(): string | null {
    return null;
  }

  private inside(at: number | null): number | null {
    return at !== null && at >= this.start && at < this.end ? at : null;
  }
}
