import type { CronSchedule } from '../job/types';
import { timetable } from '../schedule/timetable';
import { clockWarnings } from './clockWarnings';
import { isEither, partsOf } from './cronParts';
import { dateWarnings } from './dateWarnings';
import { countText } from './language';
import { type Compiled, nextDay } from './question';

const dayMs = 86_400_000;
/** More often than once a minute is seldom meant. */
const often = 1440;

/** What the author of a schedule may not have thought of. */
export function warnings(compiled: Compiled): string[] {
  const { schedule } = compiled;
  return [
    ...frequency(compiled),
    ...('cron' in schedule ? fieldWarnings(schedule) : []),
    ...dateWarnings(compiled),
    ...clockWarnings(compiled),
    ...calendarEnd(compiled),
  ];
}

/** Counted on the busier of two days: the first with a fire may have begun already. */
function frequency({ schedule, bounds, from, zone }: Compiled): string[] {
  const table = timetable(schedule, bounds);
  const countFrom = (at: number | null) => (at === null ? 0 : table.count(at - 1, at - 1 + dayMs));
  const count = Math.max(countFrom(table.next(from - 1)), countFrom(table.next(nextDay(zone, from) - 1)));
  return count > often ? [`runs ${countText(count)} times a day`] : [];
}

function fieldWarnings({ cron }: CronSchedule): string[] {
  const parts = partsOf(cron);
  if (isEither(parts)) return ['both day-of-month and day-of-week are restricted: fires when either matches'];
  const { day, weekday } = parts;
  const isAny = (text: string) => text === '*' || text === '?';
  if (isAny(day) || isAny(weekday)) return [];
  return [`day-of-month ${day} and day-of-week ${weekday}: one begins with "*", so it fires only when both match`];
}

function calendarEnd({ rule, calendar, calendarUntil, bounds, from }: Compiled): string[] {
  if (rule === null || calendar === null || calendarUntil === null) return [];
  const end = Math.min(from + 366 * dayMs, bounds.endAt?.getTime() ?? Number.POSITIVE_INFINITY);
  if (end <= Date.parse(calendarUntil) + dayMs) return [];
  return [`the calendar "${calendar.name}" has no data after ${calendarUntil}: from then on only its weekend is known`];
}
