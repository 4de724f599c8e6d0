import { afterEach, beforeEach, vi } from 'vitest';
import type { Labels } from '../../app/domain/message/types';
import { occurrenceId } from '../../app/domain/run/occurrence';
import type { RunHint } from '../../app/ipc/messages';
import type { PlannedJob } from '../../app/timing/plan';
import { Timekeeper } from '../../app/timing/timekeeper';
import { RecordedLog } from './log';

export const start = new Date('2026-01-01T00:00:00.000Z');
export const everySecond = { everyMs: 1000, anchorAt: new Date(0) };

/** Time of the test file that moves only by `pass`. */
export function useFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: start });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A timekeeper whose time is the fake system time plus an offset that the test may step. */
export function timekeeperOf(over: { rank?: number; recordsAtOnce?: boolean; sizes?: number[]; labels?: Labels } = {}) {
  const announced: { key: string; at: number; again: boolean; hint: RunHint }[] = [];
  const missed: { job: string; at: number }[] = [];
  const ended: { job: string; at: number; end: PlannedJob['end'] }[] = [];
  const records = new Set<string>();
  const state = { offsetMs: 0, ready: true, rank: over.rank ?? 0 };
  const now = () => new Date(Date.now() + state.offsetMs);
  const timekeeper = new Timekeeper(
    {
      host: { id: 'a', labels: over.labels ?? {} },
      clock: { now },
      ready: async () => state.ready,
      alone: () => state.rank === 0,
      rank: () => state.rank,
      recorded: async keys => new Set(keys.filter(key => records.has(key))),
      announce: (batch, again) => {
        over.sizes?.push(batch.length);
        if (over.recordsAtOnce) for (const hint of batch) records.add(keyOf(hint));
        for (const hint of batch) announced.push({ key: keyOf(hint), at: now().getTime(), again, hint });
      },
      missed: (plan, at) => {
        missed.push({ job: plan.name, at: at - start.getTime() });
      },
      ended: async occurrences => {
        ended.push(...occurrences.map(({ plan, at }) => ({ job: plan.name, at: at - start.getTime(), end: plan.end })));
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
  return { timekeeper, announced, missed, ended, records, state, keys, record };
}

/** What this host claims by the hint. */
function keyOf({ job, at, placement }: RunHint): string {
  return occurrenceId(job, new Date(at), placement?.on === 'every-host' ? 'a' : undefined);
}
