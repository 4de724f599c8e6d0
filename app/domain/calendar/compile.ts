import { civilDayOf, isoWeekday, lastOfYear } from './civilDay';
import { calendarKinds } from './kinds';
import type { CalendarDays, CalendarSpec, CivilDay, DayRule, JobCalendar, NamedDate } from './types';

/** Compiles a calendar; one call serves any number of questions. A calendar's own dates win over those of its kind. */
export function compileCalendar(spec: CalendarSpec): CalendarDays {
  const kind = calendarKinds.get(spec.kind);
  const weekend = new Set(spec.weekend);
  const entries = new Map<CivilDay, { name: string; worked: boolean }>();
  const enter = (dates: readonly NamedDate[], worked: boolean) => {
    for (const [day, name] of daysIn(dates)) entries.set(day, { name, worked });
  };
  enter(kind?.holidays ?? [], false);
  enter(kind?.workdays ?? [], true);
  enter(spec.holidays, false);
  enter(spec.workdays, true);
  return {
    zone: spec.zone,
    isWorkday: day => entries.get(day)?.worked ?? !weekend.has(isoWeekday(day)),
    nameOf: day => entries.get(day)?.name || null,
  };
}

/** The last day of which the calendar knows anything: the end of the last year with a date; null where it has no dates. */
export function knownUntil(spec: CalendarSpec): CivilDay | null {
  const kind = calendarKinds.get(spec.kind);
  const lists = [kind?.holidays ?? [], kind?.workdays ?? [], spec.holidays, spec.workdays];
  const last = lists.flatMap(daysIn).reduce((latest, [day]) => Math.max(latest, day), Number.NEGATIVE_INFINITY);
  return last === Number.NEGATIVE_INFINITY ? null : lastOfYear(last);
}

/**
 * The rule by which a job's calendar judges days; null where every day fits. `calendars` must hold the one that the job
 * names: MongoDB keeps none from being deleted unnoticed, so a missing one keeps nothing back.
 */
export function dayRuleOf(calendar: JobCalendar | null, calendars: ReadonlyMap<string, CalendarDays>): DayRule | null {
  const days = calendar === null ? undefined : calendars.get(calendar.name);
  if (calendar === null || days === undefined || calendar.on === 'all') return null;
  return { days, on: calendar.on, outside: calendar.outside };
}

/** Whether a job with this rule runs on the day. */
export function fits({ days, on }: DayRule, day: CivilDay): boolean {
  return on === 'all' || days.isWorkday(day) === (on === 'workdays');
}

function daysIn(dates: readonly NamedDate[]): [CivilDay, string][] {
  return dates.flatMap(({ date, name }) => {
    const day = civilDayOf(date);
    return day === null ? [] : [[day, name]];
  });
}
