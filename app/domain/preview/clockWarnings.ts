import type { CronSchedule } from '../job/types';
import { includes, timetable } from '../schedule/timetable';
import type { ZoneSpan } from '../schedule/zoneSpans';
import { isEveryHour, partsOf } from './cronParts';
import type { Compiled } from './question';
import { dateText, timeText } from './wallTime';

const yearMs = 366 * 86_400_000;
/** No zone changes its offset so often in a year. */
const mostSpans = 64;

/** For each offset change of the next 12 months what it does to the fires; nothing for schedules that follow elapsed time. */
export function clockWarnings(compiled: Compiled): string[] {
  const { schedule } = compiled;
  if (!('cron' in schedule) || isEveryHour(partsOf(schedule.cron))) return [];
  return changes(compiled).flatMap(span => {
    const warning = span.offset > span.before ? gap(compiled, schedule, span) : repetition(compiled, schedule, span);
    return warning === null ? [] : [warning];
  });
}

/** The spans that begin with another offset. */
function changes({ zone, from }: Compiled): ZoneSpan[] {
  const found: ZoneSpan[] = [];
  let span = zone.spanAt(from);
  for (let count = 0; count < mostSpans && span.until < from + yearMs; count += 1) {
    span = zone.spanAt(span.until);
    if (span.offset !== span.before) found.push(span);
  }
  return found;
}

/** What `shift` would do says which wall times are missing, whatever the schedule's own policy is. */
function gap({ bounds, rule, table }: Compiled, schedule: CronSchedule, span: ZoneSpan): string | null {
  const shifted = { ...schedule, dst: 'shift' } as const;
  const missing = /^shifted: (.*)$/.exec(timetable(shifted).note(span.from) ?? '')?.[1];
  if (missing === undefined) return null;
  const all = timetable(shifted, bounds, rule);
  if (!includes(all, span.from) || all.keptBack(span.from)) return null;
  const date = dateText(span.from + span.before);
  const at = timeText(span.from + span.offset);
  const outcome = includes(table, span.from) ? `it runs at ${at} instead` : 'it does not run';
  return `falls in the DST gap on ${date}: ${missing}; ${outcome} (dst: "${schedule.dst}")`;
}

function repetition({ bounds, rule }: Compiled, schedule: CronSchedule, span: ZoneSpan): string | null {
  const both = timetable({ ...schedule, repeated: 'both' }, bounds, rule);
  const until = span.from + span.before - span.offset;
  const at = both.next(span.from - 1);
  if (at === null || at >= until || both.keptBack(at)) return null;
  const count = both.count(span.from - 1, until - 1);
  const last = both.previous(until) ?? at;
  const first = timeText(at + span.offset);
  const times = count === 1 ? first : `${first} to ${timeText(last + span.offset)} (${count} times)`;
  const outcome = { first: 'the first time only', second: 'the second time only', both: 'both times' };
  const date = dateText(span.from + span.offset);
  const { repeated } = schedule;
  return `falls in the repeated hour on ${date}: ${times} comes twice; it runs ${outcome[repeated]} (repeated: "${repeated}")`;
}
