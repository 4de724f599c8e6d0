import type { CronSchedule } from '../job/types';
import { cronFields } from '../schedule/cronFields';
import { partsOf, valuesOf } from './cronParts';
import { type Compiled, firstRun, nextDay } from './question';
import { dateText } from './wallTime';

const dayMs = 86_400_000;
const yearMs = 366 * dayMs;
/** Fires of an expression that only leap years have. */
const rareFires = 3;
/** The rarest date, a 29 February on a given weekday, may be 40 years away. */
const farMs = 41 * yearMs;
const daysOfYear = 366;
const daysOfMonth = 31;

/** Months that an expression leaves out although it names them, dates that few years have, and no fire at all. */
export function dateWarnings(compiled: Compiled): string[] {
  const { schedule, table, from } = compiled;
  const next = table.next(from - 1);
  if (next === null) return [never(compiled)];
  const run = firstRun(compiled, next, next + yearMs, daysOfYear);
  if (run === null) {
    return [`never runs: the calendar "${compiled.calendar?.name}" keeps back every fire of a year`];
  }
  const rare = 'cron' in schedule ? rareWarning(compiled, run) : null;
  const skipped = 'cron' in schedule && rare === null ? skippedMonths(compiled, schedule) : null;
  return [rare, skipped, endWarning(compiled)].filter(warning => warning !== null);
}

function never({ schedule, bounds, table, from }: Compiled): string {
  const last = table.previous(from);
  if ('at' in schedule && last !== null) return `never fires again: ${utc(last)} is over`;
  const ended = bounds.endAt === null ? '' : `: it ends at ${utc(bounds.endAt.getTime())}`;
  return last === null ? `never fires${ended}` : `never fires again after ${utc(last)}${ended}`;
}

function endWarning({ schedule, bounds, table }: Compiled): string | null {
  if (bounds.endAt === null || 'at' in schedule) return null;
  const last = table.previous(bounds.endAt.getTime());
  return last === null ? null : `never fires again after ${utc(last)}: it ends at ${utc(bounds.endAt.getTime())}`;
}

/** Days that most years do not have. */
function rareWarning(compiled: Compiled, first: number): string | null {
  const { table, zone, from, bounds } = compiled;
  const days: string[] = [];
  let at: number | null = first;
  while (at !== null && days.length < rareFires && at < first + farMs) {
    days.push(dateText(at + zone.offsetAt(at)));
    at = table.next(nextDay(zone, at) - 1);
  }
  if (days.every(day => day.endsWith('-02-29'))) {
    return `fires only in leap years, on 29 February: ${days.join(', ')}`;
  }
  const begin = Math.max(from, bounds.startAt?.getTime() ?? from);
  return first - begin > yearMs ? `does not fire in the next 12 months: the first day is ${days[0]}` : null;
}

/** Of the next 12 whole months those that the field of months names and no fire is in. */
function skippedMonths(compiled: Compiled, { cron }: CronSchedule): string | null {
  const { zone, from, bounds } = compiled;
  const begin = Math.max(from, bounds.startAt?.getTime() ?? from);
  const end = bounds.endAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const named = new Set(valuesOf(cronFields.month, partsOf(cron).month));
  const today = new Date(begin + zone.offsetAt(begin));
  const startOf = (index: number) => Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + index);
  const months = Array.from({ length: 12 }, (_, index) => ({
    name: dateText(startOf(index + 1)).slice(0, 7),
    number: new Date(startOf(index + 1)).getUTCMonth() + 1,
    from: zone.instants(startOf(index + 1)).first,
    until: zone.instants(startOf(index + 2)).first,
  })).filter(month => named.has(month.number) && month.until <= end);
  const skipped = months.filter(month => firstRun(compiled, month.from, month.until, daysOfMonth) === null);
  if (skipped.length === 0) return null;
  const of = months.length === 12 ? 'the next 12 months' : `the next ${months.length} months that it could fire in`;
  return `skips ${skipped.length} of ${of}: ${skipped.map(({ name }) => name).join(', ')}`;
}

function utc(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
