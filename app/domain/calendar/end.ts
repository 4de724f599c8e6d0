import { dateOf } from './civilDay';
import { knownUntil } from './compile';
import { calendarKinds } from './kinds';
import type { CalendarSpec, CivilDay } from './types';

const dayMs = 86_400_000;
/** A calendar that ends says so this many days before. */
const warnDays = 60;

/** Whole days from `now` (ms; its date in UTC) to the last day that a calendar knows of, negative afterwards. */
export function daysLeft(last: CivilDay, now: number): number {
  return last - Math.floor(now / dayMs);
}

/** `no data for 2027: …` when the calendar ends within 60 days or has ended; else null. */
export function calendarWarning(spec: CalendarSpec, now: number): string | null {
  const last = knownUntil(spec);
  if (last === null || daysLeft(last, now) > warnDays) return null;
  const missing = dateOf(last + 1).slice(0, 4);
  const renewal = calendarKinds.get(spec.kind)?.renewal ?? 'add its dates';
  return `no data for ${missing}: from ${dateOf(last + 1)} on only the weekend is known; ${renewal}.`;
}
