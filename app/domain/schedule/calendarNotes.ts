import { dateOf } from '../calendar/civilDay';
import type { CivilDay, DayRule } from '../calendar/types';
import { weekdayOf } from './civil';

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** Days that a note lists. */
const daysNamed = 2;

/** `2026-10-01 (国庆节)`, with the weekday where the calendar has no name for it. */
export function dayText({ days }: DayRule, day: CivilDay): string {
  return `${dateOf(day)} (${days.nameOf(day) ?? weekdays[weekdayOf(day)]})`;
}

/** Of an occurrence that does not run. */
export function keptBackNote({ on }: DayRule, day: string): string {
  return `kept back: ${day} is no ${on === 'workdays' ? 'workday' : 'holiday'}`;
}

/** Of an instant that only occurrences of other days make one. */
export function movedNote(days: readonly string[]): string {
  const named = days.slice(0, daysNamed).join(', ');
  return `moved from ${days.length > daysNamed ? `${named} and ${days.length - daysNamed} more days` : named}`;
}
