import fc from 'fast-check';
import type { CronSchedule } from '../../../../../app/domain/job/types';
import { type Timetable, timetable, validateSchedule } from '../../../../../app/domain/schedule';
import { anyCron, instant, policy } from './arbitraries';

const countedAtMost = 300;

function schedules(zones: readonly string[]): fc.Arbitrary<CronSchedule> {
  return fc
    .tuple(anyCron, fc.constantFrom(...zones), policy)
    .map(([cron, zone, rest]) => ({ cron, zone, ...rest }))
    .filter(schedule => validateSchedule(schedule).length === 0);
}

/** What must hold of a schedule at an instant; the sentence of the first that does not, or null. */
function brokenPromise(table: Timetable, at: number, between: number): string | null {
  const next = table.next(at);
  const previous = table.previous(at);
  if (next !== null) {
    if (next <= at) return 'next is not strictly later';
    if (table.previous(next + 1) !== next) return 'previous does not find what next found';
    const before = table.previous(next);
    if (before !== null && before > at) return 'previous finds an instant that next passed over';
    const middle = at + Math.floor(((next - at) * between) / 1000);
    if (middle < next && table.next(middle) !== next) return 'next depends on where it is asked from';
    if (table.count(at, next) !== 1 || table.count(at, next - 1) !== 0) return 'count does not count what next finds';
  }
  if (previous !== null) {
    if (previous >= at) return 'previous is not strictly earlier';
    if (table.next(previous - 1) !== previous) return 'next does not find what previous found';
    const after = table.next(previous);
    if (after !== null && after < at) return 'next finds an instant that previous passed over';
  }
  return null;
}

/** The number of instants by walking, and the end of the walk. */
function walked(table: Timetable, after: number): { count: number; until: number } {
  let [count, until] = [0, after];
  for (let at = table.next(after); at !== null && count < countedAtMost; at = table.next(at)) {
    count += 1;
    until = at;
  }
  return { count, until };
}

export interface PropertyQuestion {
  zones: readonly string[];
  runs: number;
  seed?: number;
}

/** Throws with the smallest schedule and instant that break a promise of timetables. */
export function holdPromises({ zones, runs, seed }: PropertyQuestion): void {
  const between = fc.integer({ min: 0, max: 999 });
  const property = fc.property(schedules(zones), instant, between, (schedule, at, part) => {
    const broken = brokenPromise(timetable(schedule), at + part, part);
    if (broken !== null) throw new Error(broken);
  });
  fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
}

/** Throws with the smallest schedule and instant after which count and a walk part. */
export function countLikeWalk({ zones, runs, seed }: PropertyQuestion): void {
  const property = fc.property(schedules(zones), instant, (schedule, after) => {
    const table = timetable(schedule);
    const { count, until } = walked(table, after);
    return table.count(after, until) === count;
  });
  fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
}
