import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import type { RunHint } from '../../../app/ipc/messages';
import { Timekeeper } from '../../../app/timing/timekeeper';
import { jobOf } from '../../support/job';
import { RecordedLog } from '../../support/log';

const start = new Date('2026-01-01T00:00:00.000Z');
const everySecond = { everyMs: 1000, anchorAt: new Date(0) };

beforeEach(() => {
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A timekeeper whose time is the fake system time plus an offset that the test may step. */
function timekeeperOf(over: { rank?: number; recordsAtOnce?: boolean } = {}) {
  const announced: { key: string; at: number; again: boolean; hint: RunHint }[] = [];
  const records = new Set<string>();
  const state = { offsetMs: 0, ready: true, rank: over.rank ?? 0 };
  const now = () => new Date(Date.now() + state.offsetMs);
  const timekeeper = new Timekeeper(
    {
      clock: { now },
      ready: async () => state.ready,
      rank: () => state.rank,
      recorded: async keys => new Set(keys.filter(key => records.has(key))),
      announce: (batch, again) => {
        if (over.recordsAtOnce) for (const hint of batch) records.add(occurrenceId(hint.job, new Date(hint.at)));
        for (const hint of batch)
          announced.push({ key: occurrenceId(hint.job, new Date(hint.at)), at: now().getTime(), again, hint });
      },
      log: new RecordedLog(),
      measured: () => {},
    },
    { standbyMs: 1000, reannounceMs: 3000, misfireHorizonMs: 86_400_000 },
  );
  timekeeper.start();
  const keys = () => announced.map(({ key }) => key);
  const record = () => {
    for (const key of keys()) records.add(key);
  };
  return { timekeeper, announced, records, state, keys, record };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('Timekeeper', () => {
  it('announces each occurrence once while each gets its record, and never early', async () => {
    const { timekeeper, announced, record } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    for (let second = 0; second < 10; second += 1) {
      await pass(1000);
      record();
    }
    expect(announced.map(({ hint }) => hint.at - start.getTime())).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(s => s * 1000),
    );
    for (const { at, hint } of announced) expect(at).toBeGreaterThanOrEqual(hint.at);
  });

  it('announces again what has no record after reannounceMs, and stops once it has one', async () => {
    const { timekeeper, announced, record } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'once', schedule: { at: new Date(start.getTime() + 500) }, plannedFromAt: start }));
    await pass(500);
    expect(announced).toHaveLength(1);
    await pass(3000);
    expect(announced.map(({ again }) => again)).toEqual([false, true]);
    record();
    await pass(20_000);
    expect(announced).toHaveLength(2);
  });

  it('leaves an occurrence to the preferred host for standbyMs and takes it only when it has no record', async () => {
    const { timekeeper, announced, records } = timekeeperOf({ rank: 1 });
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    records.add('tick@2026-01-01T00:00:01.000Z');
    await pass(2500);
    expect(announced.map(({ key }) => key)).toEqual(['tick@2026-01-01T00:00:00.000Z']);
    expect(announced[0]?.at).toBeGreaterThanOrEqual(start.getTime() + 1000);
  });

  it('runs the last missed occurrence at its start, only when it has no record', async () => {
    const hourly = jobOf({
      name: 'hourly',
      plannedFromAt: new Date('2025-12-31T00:00:00Z'),
      schedule: { cron: '30 * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' },
    });
    const missed = timekeeperOf();
    missed.timekeeper.upsert(hourly);
    await pass(100);
    expect(missed.keys()).toEqual(['hourly@2025-12-31T23:30:00.000Z']);
    const done = timekeeperOf();
    done.records.add('hourly@2025-12-31T23:30:00.000Z');
    done.timekeeper.upsert(hourly);
    await pass(100);
    expect(done.keys()).toEqual([]);
  });

  it('misses nothing from before the job was planned', async () => {
    const { timekeeper, keys } = timekeeperOf();
    timekeeper.upsert(
      jobOf({
        name: 'new',
        plannedFromAt: start,
        schedule: { cron: '30 * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' },
      }),
    );
    await pass(1000);
    expect(keys()).toEqual([]);
  });

  it('leaves nothing of an old schedule alive after an update', async () => {
    const { timekeeper, keys, record } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'job', revision: 1, schedule: everySecond, plannedFromAt: start }));
    for (let revision = 2; revision <= 51; revision += 1) {
      const schedule = { everyMs: 1000 + revision * 1000, anchorAt: start };
      timekeeper.upsert(
        jobOf({ name: 'job', revision, schedule, plannedFromAt: new Date(start.getTime() + revision) }),
      );
    }
    for (let second = 0; second < 110; second += 1) {
      await pass(1000);
      record();
    }
    expect([...new Set(keys())]).toEqual(['job@2026-01-01T00:00:52.000Z', 'job@2026-01-01T00:01:44.000Z']);
  });

  it('minds the newest revision only, whatever order updates come in', async () => {
    const { timekeeper, keys } = timekeeperOf();
    const soon = { at: new Date(start.getTime() + 1000) };
    const never = { at: new Date(start.getTime() + 3_600_000) };
    timekeeper.upsert(jobOf({ name: 'job', revision: 9, schedule: never, plannedFromAt: start }));
    timekeeper.upsert(jobOf({ name: 'job', revision: 8, schedule: soon, plannedFromAt: start }));
    await pass(5000);
    expect(keys()).toEqual([]);
  });

  it('stops announcing a job that was paused, disabled or deleted, pending occurrences too', async () => {
    const { timekeeper, announced } = timekeeperOf();
    for (const name of ['paused', 'disabled', 'deleted'])
      timekeeper.upsert(jobOf({ name, schedule: everySecond, plannedFromAt: start }));
    await pass(500);
    const before = announced.length;
    const paused = { note: '', by: 'ops', at: start };
    timekeeper.upsert(jobOf({ name: 'paused', revision: 2, schedule: everySecond, plannedFromAt: start, paused }));
    timekeeper.upsert(
      jobOf({ name: 'disabled', revision: 2, schedule: everySecond, plannedFromAt: start, enabled: false }),
    );
    timekeeper.remove('deleted');
    await pass(10_000);
    expect(announced).toHaveLength(before);
  });

  it('announces nothing while the time cannot be trusted, and goes on afterwards', async () => {
    const { timekeeper, keys, state } = timekeeperOf();
    state.ready = false;
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    await pass(5000);
    expect(keys()).toEqual([]);
    state.ready = true;
    await pass(500);
    expect(keys().sort()).toEqual(
      ['00', '01', '02', '03', '04', '05'].map(second => `tick@2026-01-01T00:00:${second}.000Z`),
    );
  });

  it('runs by the misfire policy what a suspended machine missed', async () => {
    const { timekeeper, announced, state, record } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    await pass(500);
    record();
    state.offsetMs = 3_600_000;
    await pass(31_000);
    const late = announced
      .slice(1)
      .map(({ hint }) => (hint.at - start.getTime()) / 1000)
      .sort((a, b) => a - b);
    expect(late[0]).toBe(3585);
    expect(late).toContain(3600);
    expect(new Set(late).size).toBeLessThanOrEqual(60);
  });

  it('announces nothing twice when the clock is set back an hour', async () => {
    const { timekeeper, keys, state, record } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    for (let second = 0; second < 5; second += 1) {
      await pass(1000);
      record();
    }
    state.offsetMs = -3_600_000;
    await pass(60_000);
    expect(new Set(keys()).size).toBe(keys().length);
  });

  it('gives the loop its turn while thousands of jobs are due at once', async () => {
    const { timekeeper, keys } = timekeeperOf({ recordsAtOnce: true });
    const at = { at: new Date(start.getTime() + 1000) };
    for (let index = 0; index < 2000; index += 1)
      timekeeper.upsert(jobOf({ name: `job-${index}`, schedule: at, plannedFromAt: start }));
    await pass(11_000);
    expect(keys()).toHaveLength(2000);
  });
});
