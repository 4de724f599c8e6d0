import type { CronSchedule } from '../../../../../app/domain/job/types';
import { type Timetable, timetable } from '../../../../../app/domain/schedule';
import type { Expression, WallFields } from './expressions';
import { minuteMs, wallClock } from './wallClock';

const aroundMs = 36 * 60 * minuteMs;

type Policy = Pick<CronSchedule, 'dst' | 'repeated'>;

export const policies: readonly Policy[] = (['skip', 'shift'] as const).flatMap(dst =>
  (['first', 'second', 'both'] as const).map(repeated => ({ dst, repeated })),
);

/** The minutes around an offset change, each with the wall time that Intl gives for it. */
interface Window {
  start: number;
  end: number;
  /** Instants of each wall minute, in order. */
  instants: Map<number, number[]>;
  /** Every wall minute from the first to the last, those of the gap included, with the first instant after the gap. */
  minutes: { wall: number; fields: WallFields; gapEnd: number }[];
}

export function windowAround(zone: string, at: number): Window {
  const clock = wallClock(zone);
  const [start, end] = [at - aroundMs, at + aroundMs];
  const instants = new Map<number, number[]>();
  const minutes: Window['minutes'] = [];
  let latest = clock(start) - minuteMs;
  for (let instant = start; instant < end; instant += minuteMs) {
    const wall = clock(instant);
    instants.set(wall, [...(instants.get(wall) ?? []), instant]);
    for (; latest < wall; latest += minuteMs) {
      minutes.push({ wall: latest + minuteMs, fields: fieldsOf(latest + minuteMs), gapEnd: instant });
    }
  }
  return { start, end, instants, minutes };
}

function fieldsOf(wall: number): WallFields {
  const date = new Date(wall);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
    daysInMonth: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  };
}

/** What is to happen in a window: the policy decides on each wall minute that fits and is not there once. */
function expectedFires(
  window: Window,
  fitting: Window['minutes'],
  { everyHour, second = 0 }: Expression,
  policy: Policy,
): number[] {
  const fires = new Set<number>();
  for (const { wall, gapEnd } of fitting) {
    const instants = window.instants.get(wall) ?? [];
    if (instants.length === 0 && policy.dst === 'shift' && !everyHour) fires.add(gapEnd);
    for (const instant of chosen(instants, everyHour ? 'both' : policy.repeated)) fires.add(instant + second * 1000);
  }
  return [...fires].sort((a, b) => a - b);
}

function chosen(instants: number[], repeated: Policy['repeated']): number[] {
  if (instants.length < 2 || repeated === 'both') return instants;
  return repeated === 'first' ? instants.slice(0, 1) : instants.slice(-1);
}

/** Where the engine and the oracle part, in words; empty when they agree forwards, backwards and in number. */
export function differences(zone: string, window: Window, expression: Expression): string[] {
  const fitting = window.minutes.filter(({ fields }) => expression.fits(fields));
  return policies.flatMap(policy => {
    const table = timetable({ cron: expression.cron, zone, ...policy });
    const expected = expectedFires(window, fitting, expression, policy);
    const name = `${expression.cron} ${zone} ${policy.dst} ${policy.repeated}`;
    const count = table.count(window.start - 1, window.end - 1);
    return [
      ...(count === expected.length ? [] : [`${name}: count ${count}, expected ${expected.length}`]),
      ...difference(`${name}: next`, forwards(table, window), expected),
      ...difference(`${name}: previous`, backwards(table, window), expected),
    ];
  });
}

function difference(what: string, found: number[], expected: number[]): string[] {
  if (found.length === expected.length && found.every((at, index) => at === expected[index])) return [];
  const write = (fires: number[]) => fires.map(at => new Date(at).toISOString()).join(' ');
  return [`${what} ${write(found)}, expected ${write(expected)}`];
}

function forwards(table: Timetable, { start, end }: Window): number[] {
  const fires: number[] = [];
  for (let at = table.next(start - 1); at !== null && at < end; at = table.next(at)) fires.push(at);
  return fires;
}

function backwards(table: Timetable, { start, end }: Window): number[] {
  const fires: number[] = [];
  for (let at = table.previous(end); at !== null && at >= start; at = table.previous(at)) fires.push(at);
  return fires.reverse();
}
