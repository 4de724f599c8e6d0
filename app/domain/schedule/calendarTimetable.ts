import { fits } from '../calendar/compile';
import type { CalendarDays, DayRule } from '../calendar/types';
import type { Schedule } from '../job/types';
import { dayText, keptBackNote } from './calendarNotes';
import { DayMoves } from './dayMoves';
import { LocalDays, type WallClock } from './localDays';
import { MovedTimetable } from './movedTimetable';
import type { Timetable } from './timetable';

/**
 * The instants of a schedule as a calendar leaves them. The calendar judges the date of an instant in its own zone.
 * `outside: skip` keeps back what does not fit; `next` and `previous` move it to the same wall time, of the schedule's
 * zone, on the nearest day that fits, at most 366 days away. A wall time that does not exist there is treated as the
 * schedule's `dst` says: `shift` takes the first instant after the gap, `skip` goes on to a day that has it. Of a wall
 * time that comes twice one is taken, the second only where `repeated` says so. Bounds (startAt, endAt) are put around
 * the outcome: they judge the moved instant.
 */
export function calendarTimetable(inner: Timetable, schedule: Schedule, rule: DayRule): Timetable {
  if (rule.on === 'all') return inner;
  const { days, later, earlier } = judgedDays(clockOf(schedule, rule), rule);
  if (rule.outside === 'skip') return new KeptBackTimetable(inner, days, rule);
  return new MovedTimetable(inner, days, rule.outside === 'next' ? later : earlier, rule);
}

interface JudgedDays {
  days: LocalDays;
  later: DayMoves;
  earlier: DayMoves;
}

/** Tables that follow from a compiled calendar alone and live as long as it does: thousands of jobs have the same one. */
const judged = new WeakMap<CalendarDays, Map<string, JudgedDays>>();

function judgedDays({ zone, dst, repeated }: WallClock, rule: DayRule): JudgedDays {
  const key = JSON.stringify([zone, dst, repeated, rule.on]);
  const ofCalendar = judged.get(rule.days) ?? new Map<string, JudgedDays>();
  judged.set(rule.days, ofCalendar);
  const known = ofCalendar.get(key);
  if (known !== undefined) return known;
  const days = new LocalDays({ zone, dst, repeated }, rule.days.zone, day => fits(rule, day));
  const made = { days, later: new DayMoves(days, 1), earlier: new DayMoves(days, -1) };
  ofCalendar.set(key, made);
  return made;
}

/** Schedules that are not cron have no zone: their wall times are the calendar's. */
function clockOf(schedule: Schedule, rule: DayRule): WallClock {
  return 'cron' in schedule ? schedule : { zone: rule.days.zone, dst: 'shift', repeated: 'first' };
}

/** Every instant stays an occurrence; those of days that do not fit are recorded instead of run. */
class KeptBackTimetable implements Timetable {
  constructor(
    private readonly inner: Timetable,
    private readonly days: LocalDays,
    private readonly rule: DayRule,
  ) {}

  next(after: number): number | null {
    return this.inner.next(after);
  }

  previous(before: number): number | null {
    return this.inner.previous(before);
  }

  count(after: number, until: number): number {
    return this.inner.count(after, until);
  }

  keptBack(at: number): boolean {
    return !this.days.fitsAt(at);
  }

  note(at: number): string | null {
    if (!this.keptBack(at)) return this.inner.note(at);
    return keptBackNote(this.rule, dayText(this.rule, this.days.judgedAt(at)));
  }
}
