import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideMisfires, type MisfireQuestion, pausedSkips } from '../../../../app/domain/run/misfire';
import { type Timetable, timetable } from '../../../../app/domain/schedule';

const second = timetable({ everyMs: 1000, anchorAt: new Date(0) });
const minute = timetable({ everyMs: 60_000, anchorAt: new Date(0) });
const dayMs = 86_400_000;

const ask = (over: Partial<MisfireQuestion>) =>
  decideMisfires({
    table: second,
    after: 0,
    until: 300_000,
    recorded: [],
    misfire: 'last',
    misfireLimit: 10,
    ownAfter: 285_000,
    ...over,
  });

/** Keeps back what `kept` says; counts and walks as the schedule below does. */
const keptBackBy = (table: Timetable, kept: (at: number) => boolean): Timetable => ({
  next: after => table.next(after),
  previous: before => table.previous(before),
  count: (after, until) => table.count(after, until),
  keptBack: kept,
  note: at => table.note(at),
});

describe('decideMisfires', () => {
  it('runs the newest missed occurrence by the policy `last`, and one record tells of those that are older', () => {
    const { run, own, spans } = ask({});
    expect(run).toEqual([300_000]);
    expect(spans).toEqual([{ reason: 'misfire', from: 1000, to: 285_000, count: 285 }]);
    expect(own.map(({ at }) => at)).toEqual(Array.from({ length: 14 }, (_, index) => 286_000 + index * 1000));
  });

  it('runs nothing by the policy `skip`', () => {
    expect(ask({ misfire: 'skip' }).run).toEqual([]);
  });

  it('runs the newest misfireLimit by the policy `all`, oldest first', () => {
    const { run, spans } = ask({ table: minute, misfire: 'all', misfireLimit: 3 });
    expect(run).toEqual([180_000, 240_000, 300_000]);
    expect(spans).toEqual([{ reason: 'misfire', from: 60_000, to: 120_000, count: 2 }]);
  });

  it('leaves out what has a record, and what is no instant of the schedule', () => {
    const recorded = [60_000, 240_000, 300_000, 90_500];
    const { run, own, spans } = ask({ table: minute, recorded });
    expect(run).toEqual([180_000]);
    expect(own).toEqual([{ at: 120_000, reason: 'misfire' }]);
    expect(spans).toEqual([]);
  });

  it('never runs what a calendar keeps back, and tells of it apart', () => {
    const table = keptBackBy(minute, at => at >= 900_000);
    const { run, own, spans } = ask({ table, after: 700_000, until: 1_000_000 });
    expect(run).toEqual([840_000]);
    expect(spans).toEqual([{ reason: 'calendar', from: 900_000, to: 960_000, count: 2 }]);
    expect(own).toEqual([
      { at: 720_000, reason: 'misfire' },
      { at: 780_000, reason: 'misfire' },
    ]);
  });

  it('tells of each occurrence exactly once, whatever was recorded, by every policy', () => {
    const times = fc.array(
      fc.integer({ min: 1, max: 120 }).map(step => step * 60_000),
      { maxLength: 60 },
    );
    const policy = fc.constantFrom('skip' as const, 'last' as const, 'all' as const);
    const edges = fc.tuple(fc.integer({ min: 0, max: 7_200_000 }), fc.integer({ min: 0, max: 7_200_000 }));
    fc.assert(
      fc.property(times, policy, edges, fc.integer({ min: 0, max: 8 }), (recorded, misfire, [one, other], limit) => {
        const [after, until] = [Math.min(one, other), Math.max(one, other)];
        const kept = (at: number) => Math.floor(at / 900_000) % 3 === 1;
        const table = keptBackBy(minute, kept);
        const answer = ask({ table, after, until, recorded, misfire, misfireLimit: limit, ownAfter: until - 200_000 });
        const all: number[] = [];
        for (let at = minute.next(after); at !== null && at <= until; at = minute.next(at)) all.push(at);
        const missing = all.filter(at => !recorded.includes(at));
        const wanted = { skip: 0, last: 1, all: limit }[misfire];
        const runnable = missing.filter(at => !kept(at));
        expect(answer.run).toEqual(wanted === 0 ? [] : runnable.slice(-wanted));
        const skipped = missing.filter(at => !answer.run.includes(at));
        for (const reason of ['misfire', 'calendar'] as const) {
          const these = skipped.filter(at => kept(at) === (reason === 'calendar'));
          const own = answer.own.filter(skip => skip.reason === reason).map(({ at }) => at);
          const span = answer.spans.find(one => one.reason === reason);
          expect(own.length + (span?.count ?? 0)).toBe(these.length);
          expect(own.every(at => these.includes(at))).toBe(true);
          const rest = these.filter(at => !own.includes(at));
          if (span !== undefined) expect([span.from, span.to]).toEqual([rest[0], rest.at(-1)]);
        }
      }),
    );
  });

  it('decides a week at one run a second, a calendar between, without walking through it', () => {
    const table = keptBackBy(second, at => Math.floor(at / dayMs) % 7 > 4);
    const startedAt = performance.now();
    const { spans } = ask({ table, until: 7 * dayMs - 1, misfire: 'skip', ownAfter: 7 * dayMs });
    expect(performance.now() - startedAt).toBeLessThan(50);
    expect(spans.map(({ count }) => count)).toEqual([5 * 86_400 - 1, 2 * 86_400]);
  });

  it('keeps at most a hundred records of their own, however long the grace is', () => {
    const { own, spans } = ask({ ownAfter: 0, misfire: 'skip' });
    expect(own).toHaveLength(100);
    expect(spans).toEqual([{ reason: 'misfire', from: 1000, to: 200_000, count: 200 }]);
  });
});

describe('pausedSkips', () => {
  it('tells of a month at one run a second in a few milliseconds', () => {
    const cron = timetable({ cron: '* * * * * *', zone: 'Europe/Berlin', dst: 'shift', repeated: 'first' });
    const from = Date.parse('2026-03-10T00:00:00Z');
    const startedAt = performance.now();
    expect(pausedSkips(cron, from, from + 30 * dayMs - 1)).toEqual({
      from,
      to: from + 30 * dayMs - 1000,
      count: 30 * 86_400,
    });
    expect(performance.now() - startedAt).toBeLessThan(200);
  });

  it('tells nothing where nothing was due', () => {
    expect(pausedSkips(minute, 1, 59_999)).toBeNull();
    expect(pausedSkips(minute, 60_000, 60_000)).toEqual({ from: 60_000, to: 60_000, count: 1 });
  });
});
