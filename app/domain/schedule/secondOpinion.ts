import { CronExpressionParser } from 'cron-parser';
import type { FieldError } from '../errors';
import type { CronSchedule, Schedule } from '../job/types';
import { cronTimetable } from './cronTimetable';
import { type Zone, zoneOf } from './zone';

const firesCompared = 10;
/** The two may answer a change of the clocks differently, and it reaches into the days beside it. */
const nearChangeMs = 36 * 3_600_000;

/**
 * What cron-parser makes of a valid schedule: a fault when its next ten instants after `after` are others than ours, so
 * that an expression that means two things is not saved. What it cannot read, and what it reads otherwise by design, is
 * passed over; so is the time around an offset change, where the job's own policy decides.
 */
export function secondOpinion(schedule: Schedule, after: number): FieldError[] {
  if (!('cron' in schedule) || isReadOtherwise(schedule.cron)) return [];
  const theirs = theirFires(schedule, after);
  if (theirs === null) return [];
  const ours = ourFires(schedule, after);
  const until = Math.min(ours.at(-1) ?? Number.POSITIVE_INFINITY, theirs.at(-1) ?? Number.POSITIVE_INFINITY);
  const zone = zoneOf(schedule.zone);
  const judged = (fires: number[]) => fires.filter(at => at <= until && !isNearChange(zone, at));
  const [mine, other] = [judged(ours), judged(theirs)];
  if (mine.length === other.length && mine.every((at, index) => at === other[index])) return [];
  return [{ path: 'cron', message: differenceOf(schedule.cron, mine, other) }];
}

/**
 * Where the two differ by design: a field of days or weekdays that begins with `*` and goes on (a step, a list)
 * restricts nothing here, as in Vixie's cron. For cron-parser it restricts, so that beside another restricted field the
 * days are those that fit either.
 */
function isReadOtherwise(cron: string): boolean {
  const [weekday = '', , day = ''] = cron.trim().split(/\s+/).reverse();
  const isStep = (field: string) => field.startsWith('*') && field !== '*';
  return isStep(day) || isStep(weekday);
}

function ourFires(schedule: CronSchedule, after: number): number[] {
  const table = cronTimetable(schedule);
  const fires: number[] = [];
  for (let at = table.next(after); at !== null && fires.length < firesCompared; at = table.next(at)) fires.push(at);
  return fires;
}

/** Null when it cannot read the expression, or gives its search up before it has found an instant. */
function theirFires({ cron, zone }: CronSchedule, after: number): number[] | null {
  try {
    const walk = CronExpressionParser.parse(cron, { tz: zone, currentDate: new Date(after) });
    const fires = walk.take(firesCompared).map(date => date.getTime());
    return fires.length === firesCompared ? fires : null;
  } catch {
    return null;
  }
}

function isNearChange(zone: Zone, at: number): boolean {
  const { from, until, offset, before, after } = zone.spanAt(at);
  return (at - from < nearChangeMs && before !== offset) || (until - at < nearChangeMs && after !== offset);
}

function differenceOf(cron: string, ours: number[], theirs: number[]): string {
  const first = ours.findIndex((at, index) => at !== theirs[index]);
  const index = first < 0 ? ours.length : first;
  const write = (at: number | undefined) => (at === undefined ? 'nothing' : new Date(at).toISOString());
  return (
    `"${cron}" means two things: ${write(ours[index])} here, ${write(theirs[index])} for cron-parser; ` +
    'write it in a way that both read alike'
  );
}
