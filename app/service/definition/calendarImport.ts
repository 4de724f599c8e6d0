import type { CalendarSpec, NamedDate } from '../../domain/calendar/types';
import { ValidationError } from '../../domain/errors';
import { inOrder, longestName } from './calendarSchema';
import type { IcalDay } from './icalEvent';

/** What POST /calendars/{name}/import takes. */
export interface CalendarImport {
  ical: string;
  /** Absent: holidays, but for the days that the file itself marks as worked. */
  as?: List | undefined;
  /** The dates of the calendar that stand in the list are forgotten first; both lists where `as` is absent. */
  replace: boolean;
}

type List = 'holidays' | 'workdays';

/** The calendar with the days put in, and how many dates it did not have before. Throws ValidationError. */
export function withImported(
  spec: CalendarSpec,
  days: readonly IcalDay[],
  { as, replace }: Omit<CalendarImport, 'ical'>,
): { spec: CalendarSpec; added: number } {
  const kept = (list: List) => (replace && (as === undefined || as === list) ? [] : spec[list]);
  const given = { holidays: new Map<string, string>(), workdays: new Map<string, string>() };
  for (const { date, name, worked } of days) {
    const list = given[as ?? (worked ? 'workdays' : 'holidays')];
    list.set(date, joined(list.get(date), name));
  }
  const holidays = merged(kept('holidays'), given.holidays);
  const workdays = merged(kept('workdays'), given.workdays);
  assertApart(holidays, workdays);
  const before = new Set([...spec.holidays, ...spec.workdays].map(({ date }) => date));
  const added = [...holidays, ...workdays].filter(({ date }) => !before.has(date)).length;
  return { spec: { ...spec, holidays, workdays }, added };
}

/** Two events on one day are one holiday with both names. */
function joined(name: string | undefined, other: string): string {
  if (name === undefined || name === '' || name.split(' / ').includes(other)) return name || other;
  return other === '' ? name : [...`${name} / ${other}`].slice(0, longestName).join('');
}

function merged(stored: readonly NamedDate[], given: ReadonlyMap<string, string>): NamedDate[] {
  const fresh = [...given].map(([date, name]) => ({ date, name }));
  return inOrder([...stored.filter(({ date }) => !given.has(date)), ...fresh]);
}

function assertApart(holidays: readonly NamedDate[], workdays: readonly NamedDate[]): void {
  const worked = new Set(workdays.map(({ date }) => date));
  const both = holidays.filter(({ date }) => worked.has(date));
  if (both.length === 0) return;
  const message = (date: string) =>
    `${date} would be both a holiday and a workday; take it out of one, or replace the other list`;
  throw new ValidationError(both.map(({ date }) => ({ path: 'ical', message: message(date) })));
}
