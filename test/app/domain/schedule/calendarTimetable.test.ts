import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDayOf, dateOf } from '../../../../app/domain/calendar/civilDay';
import { compileCalendar, fits } from '../../../../app/domain/calendar/compile';
import type { CalendarSpec, DayRule, JobCalendar } from '../../../../app/domain/calendar/types';
import type { CronSchedule, Schedule } from '../../../../app/domain/job/types';
import { timetable } from '../../../../app/domain/schedule/timetable';
import { zoneOf } from '../../../../app/domain/schedule/zone';

const dayMs = 86_400_000;
const at = (text: string) => Date.parse(text);
const cron = (expression: string, over: Partial<CronSchedule> = {}): CronSchedule => ({
  ...{ cron: expression, zone: 'Asia/Shanghai', dst: 'shift', repeated: 'first' },
  ...over,
});
const calendar = (over: Partial<CalendarSpec> = {}): CalendarSpec => ({
  ...{ kind: 'dates', zone: 'Asia/Shanghai', weekend: [6, 7], holidays: [], workdays: [] },
  ...over,
});
const ruleOf = (spec: CalendarSpec, over: Partial<JobCalendar> = {}): DayRule => ({
  ...{ on: 'workdays', outside: 'skip' },
  ...over,
  days: compileCalendar(spec),
});
const open = { startAt: null, endAt: null };
const china = calendar({ kind: 'china' });

/** The instants in (from, until], by next(). */
function walk(table: ReturnType<typeof timetable>, from: number, until: number): number[] {
  const found: number[] = [];
  for (let next = table.next(from); next !== null && next <= until; next = table.next(next)) found.push(next);
  return found;
}
const texts = (instants: number[]) => instants.map(instant => new Date(instant).toISOString().slice(0, 16));

describe('outside: skip', () => {
  const table = timetable(cron('0 9 * * *'), open, ruleOf(china));

  it('leaves every instant an occurrence, and keeps back those of other days', () => {
    const week = walk(table, at('2026-09-30T00:00:00Z'), at('2026-10-11T23:00:00Z'));
    expect(week).toHaveLength(12);
    const run = week.filter(instant => !table.keptBack(instant));
    expect(texts(run)).toEqual(['2026-09-30T01:00', '2026-10-08T01:00', '2026-10-09T01:00', '2026-10-10T01:00']);
  });

  it('says what was kept back and why', () => {
    expect(table.note(at('2026-10-01T01:00:00Z'))).toBe('kept back: 2026-10-01 (国庆节) is no workday');
    expect(table.note(at('2026-10-11T01:00:00Z'))).toBe('kept back: 2026-10-11 (Sunday) is no workday');
    expect(table.note(at('2026-10-10T01:00:00Z'))).toBeNull();
  });

  it('judges the date in the zone of the calendar, not of the schedule', () => {
    const newYork = timetable(cron('30 20 * * *', { zone: 'America/New_York' }), open, ruleOf(china));
    // Thursday evening in New York is Friday morning in Shanghai; Friday evening is Saturday there.
    expect(newYork.keptBack(at('2026-08-07T00:30:00Z'))).toBe(false);
    expect(newYork.keptBack(at('2026-08-08T00:30:00Z'))).toBe(true);
    expect(newYork.keptBack(at('2026-08-10T00:30:00Z'))).toBe(false);
  });
});

describe('outside: next and previous', () => {
  const next = timetable(cron('0 9 1,8 * *'), open, ruleOf(china, { outside: 'next' }));
  const previous = timetable(cron('0 9 1,8 * *'), open, ruleOf(china, { outside: 'previous' }));

  it('move an occurrence to the same wall time of the nearest day that fits', () => {
    const span = [at('2026-04-25T00:00:00Z'), at('2026-06-30T00:00:00Z')] as const;
    // 1 May 2026 begins five days of holiday; the Saturday after the week of 8 May is worked.
    expect(texts(walk(next, ...span))).toEqual([
      '2026-05-06T01:00',
      '2026-05-08T01:00',
      '2026-06-01T01:00',
      '2026-06-08T01:00',
    ]);
    expect(texts(walk(previous, ...span))[0]).toBe('2026-04-30T01:00');
  });

  it('land on an occurrence that is there already as that one', () => {
    const october = walk(next, at('2026-09-20T00:00:00Z'), at('2026-10-31T00:00:00Z'));
    expect(texts(october)).toEqual(['2026-10-08T01:00']);
    expect(next.note(october[0] ?? 0)).toBeNull();
  });

  it('say from where an occurrence was moved', () => {
    expect(next.note(at('2026-05-06T01:00:00Z'))).toBe('moved from 2026-05-01 (劳动节)');
    expect(previous.note(at('2026-04-30T01:00:00Z'))).toBe('moved from 2026-05-01 (劳动节)');
    const daily = timetable(cron('0 9 1-7 10 *'), open, ruleOf(china, { outside: 'next' }));
    expect(daily.note(at('2026-10-08T01:00:00Z'))).toBe(
      'moved from 2026-10-01 (国庆节), 2026-10-02 (国庆节) and 5 more days',
    );
  });

  it('on holidays move the other way round', () => {
    const table = timetable(cron('0 9 2 10 *'), open, ruleOf(china, { on: 'workdays', outside: 'previous' }));
    expect(texts(walk(table, at('2026-01-01T00:00:00Z'), at('2026-12-31T00:00:00Z')))).toEqual(['2026-09-30T01:00']);
    const holidays = timetable(cron('0 9 12 10 *'), open, ruleOf(china, { on: 'holidays', outside: 'next' }));
    expect(texts(walk(holidays, at('2026-01-01T00:00:00Z'), at('2026-12-31T00:00:00Z')))).toEqual(['2026-10-17T01:00']);
  });

  it('a single instant and every N ms move by the wall clock of the calendar', () => {
    const once: Schedule = { at: new Date('2026-10-01T04:05:06.007Z') };
    const table = timetable(once, open, ruleOf(china, { outside: 'next' }));
    expect(table.next(0)).toBe(at('2026-10-08T04:05:06.007Z'));
    expect(table.next(at('2026-10-08T04:05:06.007Z'))).toBeNull();
    expect(table.previous(at('2030-01-01T00:00:00Z'))).toBe(at('2026-10-08T04:05:06.007Z'));
  });

  it('keep back what fits on no day within 366, and say so', () => {
    const never = ruleOf(calendar({ weekend: [1, 2, 3, 4, 5, 6, 7] }), { outside: 'next' });
    const table = timetable(cron('0 9 * * *'), open, never);
    const first = at('2026-01-01T01:00:00Z');
    expect(table.next(first - 1)).toBe(first);
    expect(table.keptBack(first)).toBe(true);
    expect(table.note(first)).toBe('kept back: 2026-01-01 (Thursday) is no workday, and none follows within 366 days');
    expect(table.count(first - 1, first + 10 * dayMs)).toBe(11);
  });

  it('startAt and endAt judge the moved instant', () => {
    const bounds = { startAt: new Date('2026-10-05T00:00:00Z'), endAt: new Date('2026-10-08T01:00:00.001Z') };
    const table = timetable(cron('0 9 1 10 *'), bounds, ruleOf(china, { outside: 'next' }));
    expect(table.next(0)).toBe(at('2026-10-08T01:00:00Z'));
    const shorter = { ...bounds, endAt: new Date('2026-10-08T01:00:00Z') };
    expect(timetable(cron('0 9 1 10 *'), shorter, ruleOf(china, { outside: 'next' })).next(0)).toBeNull();
  });

  it('treat a wall time that the new day has not or twice as the schedule says', () => {
    const newYork = calendar({ zone: 'America/New_York', weekend: [6] });
    const table = (over: Partial<CronSchedule>) =>
      timetable(
        cron('30 2 7 3 *', { zone: 'America/New_York', ...over }),
        open,
        ruleOf(newYork, { outside: 'next' }),
      ).next(at('2026-01-01T00:00:00Z'));
    // Saturday 7 March 2026; on Sunday 8 March the clocks go from 2:00 to 3:00.
    expect(table({ dst: 'shift' })).toBe(at('2026-03-08T07:00:00Z'));
    expect(table({ dst: 'skip' })).toBe(at('2026-03-09T06:30:00Z'));
    const back = (repeated: CronSchedule['repeated']) =>
      timetable(
        cron('30 1 31 10 *', { zone: 'America/New_York', repeated }),
        open,
        ruleOf(newYork, { outside: 'next' }),
      ).next(at('2026-01-01T00:00:00Z'));
    // Saturday 31 October 2026; on Sunday 1 November 1:30 comes twice.
    expect(back('first')).toBe(at('2026-11-01T05:30:00Z'));
    expect(back('both')).toBe(at('2026-11-01T05:30:00Z'));
    expect(back('second')).toBe(at('2026-11-01T06:30:00Z'));
  });

  it('a day that a zone left out is no day to move to', () => {
    const apia = calendar({ zone: 'Pacific/Apia', weekend: [4] });
    const table = timetable(cron('0 9 29 12 *', { zone: 'Pacific/Apia' }), open, ruleOf(apia, { outside: 'next' }));
    // 29 December 2011 was followed by 31 December.
    expect(table.next(at('2011-12-01T00:00:00Z'))).toBe(at('2011-12-30T19:00:00Z'));
  });
});

/** What the rule says, one instant after the other. */
function moved(instant: number, schedule: Schedule, rule: DayRule): number {
  const clock = 'cron' in schedule ? schedule : cron('', { zone: rule.days.zone });
  const [zone, judge] = [zoneOf(clock.zone), zoneOf(rule.days.zone)];
  const right = (one: number) => fits(rule, Math.floor((one + judge.offsetAt(one)) / dayMs));
  if (right(instant) || rule.outside === 'skip') return instant;
  const local = instant + zone.offsetAt(instant);
  for (let distance = 1; distance <= 366; distance++) {
    const wall = local + (rule.outside === 'next' ? distance : -distance) * dayMs;
    const noon = Math.floor(wall / dayMs) * dayMs + dayMs / 2;
    const { first, second, inGap } = zone.instants(wall);
    if (inGap && (clock.dst === 'skip' || zone.instants(noon).inGap)) continue;
    const target = clock.repeated === 'second' && second !== null ? second : first;
    if (right(target)) return target;
  }
  return instant;
}

describe('for every schedule, calendar and zone', () => {
  const zones = ['UTC', 'Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'Pacific/Apia'];
  const expressions = ['0 9 * * *', '30 2 * * *', '15 0,1,23 * * *', '*/30 * * * *', '45 23 1,15 * *', '0 5 * * 1'];
  const starts = ['2026-03-01', '2026-04-01', '2026-10-20', '2011-12-20', '2026-12-20', '2028-02-20'];
  const zone = fc.constantFrom(...zones);
  const schedule: fc.Arbitrary<Schedule> = fc.oneof(
    fc.record({
      cron: fc.constantFrom(...expressions),
      zone,
      dst: fc.constantFrom('skip' as const, 'shift' as const),
      repeated: fc.constantFrom('first' as const, 'second' as const, 'both' as const),
    }),
    fc.record({
      everyMs: fc.constantFrom(7 * 3_600_000, 100 * 60_000 + 7, 3 * dayMs),
      anchorAt: fc.constant(new Date('2026-01-01T00:00:03.004Z')),
    }),
  );
  const days = fc.uniqueArray(fc.integer({ min: -12, max: 35 }), { maxLength: 16 });
  const world = fc.record({
    ...{ schedule, zone, start: fc.constantFrom(...starts), holidays: days, workdays: days },
    same: fc.boolean(),
    weekend: fc.constantFrom<number[][]>([7], [6, 7], [5, 6], [1, 2, 3, 4, 5, 6]),
    on: fc.constantFrom('workdays' as const, 'holidays' as const),
    outside: fc.constantFrom('skip' as const, 'next' as const, 'previous' as const),
  });
  interface World extends Omit<typeof world extends fc.Arbitrary<infer T> ? T : never, 'schedule'> {
    schedule: Schedule;
  }

  /** `reach`: in days, further than any occurrence of this world goes. */
  function build({ schedule, zone, start, holidays, workdays, same, weekend, on, outside }: World, reach = 60) {
    const first = civilDayOf(start) ?? 0;
    const named = (list: number[]) => list.map(day => ({ date: dateOf(first + day), name: '' }));
    const own = same && 'cron' in schedule ? schedule.zone : zone;
    const free = holidays.filter(day => !workdays.includes(day));
    const spec = calendar({ zone: own, weekend, holidays: named(free), workdays: named(workdays) });
    const rule = ruleOf(spec, { on, outside });
    const [from, until] = [first * dayMs, (first + 24) * dayMs];
    const nominal = walk(timetable(schedule), from - reach * dayMs, until + reach * dayMs);
    const expected = [...new Set(nominal.map(instant => moved(instant, schedule, rule)))]
      .filter(instant => instant > from && instant <= until)
      .sort((a, b) => a - b);
    return { table: timetable(schedule, open, rule), rule, from, until, expected };
  }

  function assertAsListed({ table, from, until, expected }: ReturnType<typeof build>) {
    expect(texts(walk(table, from, until))).toEqual(texts(expected));
    const back: number[] = [];
    for (let one = table.previous(until + 1); one !== null && one > from; one = table.previous(one)) back.push(one);
    expect(texts(back.reverse())).toEqual(texts(expected));
    expect(table.count(from, until)).toBe(expected.length);
  }

  it('next, previous and count answer what moving one instant after the other gives', () => {
    fc.assert(
      fc.property(world, given => assertAsListed(build(given))),
      { numRuns: 150 },
    );
  });

  it('and where days that fit are a year apart, or there are none', () => {
    const rare = world.map(
      (given): World => ({
        ...given,
        schedule: cron('0 9 * * *'),
        weekend: given.on === 'workdays' ? [1, 2, 3, 4, 5, 6, 7] : [],
      }),
    );
    fc.assert(
      fc.property(rare, given => assertAsListed(build(given, 368))),
      { numRuns: 15 },
    );
  });

  it('next and previous agree from any instant, and what runs fits', () => {
    fc.assert(
      fc.property(world, fc.array(fc.integer({ min: 1, max: 24 * dayMs }), { maxLength: 20 }), (given, offsets) => {
        const { table, rule, from, until, expected } = build(given);
        for (const offset of offsets) {
          const here = from + offset;
          expect(table.next(here)).toBe(expected.find(one => one > here) ?? table.next(until));
          expect(table.previous(here)).toBe(expected.findLast(one => one < here) ?? table.previous(from + 1));
          expect(table.count(from, here)).toBe(expected.filter(one => one <= here).length);
        }
        const judge = zoneOf(rule.days.zone);
        for (const one of expected) {
          const right = fits(rule, Math.floor((one + judge.offsetAt(one)) / dayMs));
          expect(table.keptBack(one)).toBe(!right);
          expect(table.note(one)?.startsWith('kept back') ?? false).toBe(!right);
        }
      }),
      { numRuns: 120 },
    );
  });
});
