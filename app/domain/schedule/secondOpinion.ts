import { type CronExpression, type CronExpressionOptions, CronExpressionParser } from 'cron-parser';
import type { FieldError } from '../errors';
import type { CronSchedule, Schedule } from '../job/types';
import { cronTimetable } from './cronTimetable';
import { type Zone, zoneOf } from './zone';

const firesCompared = 10;
/** cron-parser walks day by day, at up to half a millisecond a day: an answer must not hold a save up. */
const searchMs = 8 * 366 * 86_400_000;

interface Question {
  after: number;
  /** Instants later than it are not asked for. */
  until: number;
}

/** Another reader's next instants, at most ten; null when it cannot read the expression. */
type Peer = (schedule: CronSchedule, question: Question) => number[] | null;

/** The two may answer a change of the clocks differently, and it reaches into the days beside it. */
const nearChangeMs = 36 * 3_600_000;

/**
 * What cron-parser makes of a valid schedule: a fault when its next ten instants after `after`, of the next eight
 * years, are others than ours, so that an expression that means two things is not saved. What it cannot read, and what it reads otherwise by design, is
 * passed over; so is the time around an offset change, where the job's own policy decides.
 */
export function secondOpinion(schedule: Schedule, after: number, peer: Peer = cronParserFires): FieldError[] {
  if (!('cron' in schedule) || isReadOtherwise(schedule.cron)) return [];
  const question = { after, until: after + searchMs };
  const theirs = peer(schedule, question);
  if (theirs === null) return [];
  const ours = ourFires(schedule, question);
  const until = Math.min(endOf(ours, question), endOf(theirs, question));
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

/** Up to where an answer is complete. */
function endOf(fires: number[], { until }: Question): number {
  return fires.length < firesCompared ? until : (fires.at(-1) ?? until);
}

function ourFires(schedule: CronSchedule, { after, until }: Question): number[] {
  const table = cronTimetable(schedule);
  const fires: number[] = [];
  let at = table.next(after);
  while (at !== null && at <= until && fires.length < firesCompared) {
    fires.push(at);
    at = table.next(at);
  }
  return fires;
}

function cronParserFires({ cron, zone }: CronSchedule, { after, until }: Question): number[] | null {
  const walk = readByCronParser(cron, { tz: zone, currentDate: new Date(after), endDate: new Date(until) });
  return walk?.take(firesCompared).map(date => date.getTime()) ?? null;
}

/** It tells what it cannot read by throwing: then it has no opinion. */
function readByCronParser(cron: string, options: CronExpressionOptions): CronExpression | null {
  try {
    return CronExpressionParser.parse(cron, options);
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
