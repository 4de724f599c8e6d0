import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../../../app/cluster/metrics';
import type { DayRule } from '../../../app/domain/calendar/types';
import type { Placement } from '../../../app/domain/job/types';
import { anywhere } from '../../../app/domain/run/placement';
import type { Settled, SettleRequest } from '../../../app/repository/settlements';
import { Misfires } from '../../../app/timing/misfires';
import { PlannedJob } from '../../../app/timing/plan';
import { Timetables } from '../../../app/timing/timetables';
import { jobOf } from '../../support/job';
import { RecordedLog } from '../../support/log';

const start = Date.parse('2026-01-01T00:00:00Z');
const graceMs = 15_000;
/** Nobody ever works. */
const closed: DayRule = {
  days: { zone: 'UTC', isWorkday: () => false, nameOf: () => null },
  on: 'workdays',
  outside: 'skip',
};

beforeEach(() => {
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

function planOf(name: string, rule: DayRule | null = null, placement: Placement = anywhere): PlannedJob {
  const schedule = { cron: '* * * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' } as const;
  const job = jobOf({ name, schedule, graceMs, placement });
  const plan = new PlannedJob(job, new Timetables().take(job, rule), start, 0);
  plan.update(job, plan.shared, rule);
  plan.place(placement, { id: 'a', labels: {} });
  return plan;
}

function misfiresOf() {
  const asked: (Pick<SettleRequest, 'job' | 'boundTo' | 'isHomeless' | 'ended'> & { at: number })[] = [];
  const log = new RecordedLog();
  const state = {
    rank: 0,
    woken: 0,
    anyHost: true,
    until: new Map<string, Date>(),
    settle: async ({ now }: SettleRequest): Promise<Settled | null> => ({
      until: new Date(now.getTime() - graceMs - 500),
      runs: 1,
      skipped: 2,
    }),
  };
  const misfires = new Misfires(
    {
      clock: { now: () => new Date() },
      ready: async () => true,
      alone: () => state.rank === 0,
      rank: () => state.rank,
      anyHostWith: () => state.anyHost,
      settle: async request => {
        const { job, boundTo, isHomeless, ended } = request;
        asked.push({ job, boundTo, isHomeless, ended, at: request.now.getTime() - start });
        return await state.settle(request);
      },
      settledUntil: async () => state.until,
      wake: () => {
        state.woken += 1;
      },
      metrics: new Metrics(),
      log,
    },
    1000,
  );
  misfires.start();
  return { misfires, asked, state, log };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('Misfires', () => {
  it('has what is missed decided at once, wakes the workers for what is to run, and is done', async () => {
    const { misfires, asked, state } = misfiresOf();
    misfires.add(planOf('job'), start - 300_000, start - 20_000);
    expect(misfires.oldestOpen()).toBe(start - 300_000);
    await pass(100);
    expect(asked).toHaveLength(1);
    expect(state.woken).toBe(1);
    expect(misfires.oldestOpen()).toBe(Number.POSITIVE_INFINITY);
    await pass(60_000);
    expect(asked).toHaveLength(1);
  });

  it('asks again for what was still within its grace at the first time', async () => {
    const { misfires, asked } = misfiresOf();
    misfires.add(planOf('job'), start - 300_000, start - 15_000);
    await pass(100);
    expect(misfires.oldestOpen()).toBeGreaterThan(start - 16_000);
    await pass(2000);
    expect(asked).toHaveLength(2);
    expect(misfires.oldestOpen()).toBe(Number.POSITIVE_INFINITY);
  });

  it('stands by for standbyMs on the next host, which asks nothing once the first one has decided', async () => {
    const { misfires, asked, state } = misfiresOf();
    state.rank = 2;
    for (const name of ['decided', 'left']) misfires.add(planOf(name), start - 60_000, start - 20_000);
    await pass(1900);
    expect(asked).toEqual([]);
    state.until = new Map([['decided', new Date(start - 16_000)]]);
    await pass(200);
    expect(asked.map(({ job }) => job)).toEqual(['left']);
  });

  it('tries again while MongoDB is away, and while the definition is a newer one', async () => {
    const { misfires, asked, state } = misfiresOf();
    const { settle } = state;
    state.settle = async () => {
      throw new Error('away');
    };
    misfires.add(planOf('job'), start - 60_000, start - 20_000);
    await pass(2500);
    state.settle = async () => null;
    await pass(2000);
    expect(asked.length).toBeGreaterThanOrEqual(4);
    expect(misfires.oldestOpen()).toBe(start - 60_000);
    state.settle = settle;
    await pass(1100);
    expect(misfires.oldestOpen()).toBe(Number.POSITIVE_INFINITY);
  });

  it('has what a plan left before it ended decided, once, up to its end', async () => {
    const { misfires, asked } = misfiresOf();
    const plan = planOf('job');
    misfires.add(plan, start - 60_000, start - 20_000);
    plan.end = { why: 'paused', at: start - 30_000 };
    await pass(5000);
    expect(asked).toMatchObject([{ ended: { from: start - 60_000, until: start - 30_001 } }]);
    expect(misfires.oldestOpen()).toBe(Number.POSITIVE_INFINITY);
  });

  it('forgets a job that is deleted', async () => {
    const { misfires, asked } = misfiresOf();
    const plan = planOf('job');
    misfires.add(plan, start - 60_000, start - 20_000);
    plan.end = { why: 'deleted' };
    await pass(5000);
    expect(asked).toEqual([]);
    expect(misfires.oldestOpen()).toBe(Number.POSITIVE_INFINITY);
  });

  it('decides at intervals about what a calendar keeps back, however dense the schedule is', async () => {
    const { misfires, asked } = misfiresOf();
    const plan = planOf('job', closed);
    for (let second = 0; second < 600; second += 1) {
      misfires.add(plan, start + second * 1000, start + second * 1000);
      await pass(1000);
    }
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.length).toBeLessThan(25);
  });
});

describe('missed occurrences of jobs that ask for hosts', () => {
  it('are decided by the host itself at once where every host runs them, under its own key', async () => {
    const { misfires, asked, state } = misfiresOf();
    state.rank = 5;
    state.until = new Map([['job', new Date(start)]]);
    misfires.add(planOf('job', null, { on: 'every-host', hostLabels: {} }), start - 60_000, start - 20_000);
    await pass(200);
    expect(asked).toMatchObject([{ job: 'job', boundTo: 'a', isHomeless: false }]);
  });

  it('say that no live host has the labels, and the log says it once each time that begins', async () => {
    const { misfires, asked, state, log } = misfiresOf();
    const plan = planOf('job', null, { on: 'one', hostLabels: { zone: 'eu' } });
    const isHomeless = async (anyHost: boolean) => {
      state.anyHost = anyHost;
      misfires.add(plan, Date.now() - 60_000, Date.now() - 20_000);
      await pass(200);
      return asked.at(-1)?.isHomeless;
    };
    expect([await isHomeless(false), await isHomeless(false)]).toEqual([true, true]);
    expect([await isHomeless(true), await isHomeless(false)]).toEqual([false, true]);
    const told = log.lines.filter(({ event }) => event === 'job.noHost');
    expect(told.map(({ fields }) => fields)).toEqual([
      { jobId: 'job', hostLabels: 'zone=eu' },
      { jobId: 'job', hostLabels: 'zone=eu' },
    ]);
  });
});
