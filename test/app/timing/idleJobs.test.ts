import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SkippedSpan } from '../../../app/domain/run/misfire';
import { IdleJobs } from '../../../app/timing/idleJobs';
import { jobOf } from '../../support/job';
import { RecordedLog } from '../../support/log';

const start = Date.parse('2026-01-01T00:00:00Z');
const everySecond = { everyMs: 1000, anchorAt: new Date(0) };

beforeEach(() => {
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

function idleJobsOf() {
  const written: { job: string; at: number; span: SkippedSpan }[] = [];
  const state = { rank: 0, seenAgoMs: 0 };
  const idleJobs = new IdleJobs({
    clock: { now: () => new Date() },
    ready: async () => true,
    alone: () => false,
    rank: () => state.rank,
    definitionsSeenAt: () => Date.now() - state.seenAgoMs,
    recordIdle: async (idle, now) => {
      written.push(...idle.map(({ job, span }) => ({ job: job.name, at: now.getTime() - start, span })));
    },
    log: new RecordedLog(),
  });
  idleJobs.start();
  return { idleJobs, written, state };
}

const paused = (over: Parameters<typeof jobOf>[0] = {}) =>
  jobOf({
    schedule: everySecond,
    plannedFromAt: new Date(start - 60_000),
    idleSinceAt: new Date(start),
    paused: { note: '', by: 'ops', at: new Date(start) },
    ...over,
  });

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('IdleJobs', () => {
  it('lets the record of a pause grow while it lasts, the less often the longer it lasts', async () => {
    const { idleJobs, written } = idleJobsOf();
    idleJobs.upsert(paused(), null);
    await pass(10_000);
    expect(written.length).toBeGreaterThanOrEqual(5);
    await pass(86_400_000);
    const count = written.length;
    expect(count).toBeLessThan(250);
    await pass(3_600_000);
    expect(written.length - count).toBeLessThanOrEqual(7);
    for (const { at, span } of written) {
      expect(span.from).toBe(start);
      expect(span.to - start).toBeLessThanOrEqual(at - 5000);
      expect(span.count).toBe((span.to - start) / 1000 + 1);
    }
  });

  it('writes nothing for a job that had no occurrence', async () => {
    const { idleJobs, written } = idleJobsOf();
    idleJobs.upsert(paused({ schedule: { at: new Date(start + 60_000) } }), null);
    await pass(64_000);
    expect(written).toEqual([]);
    await pass(3000);
    expect(written).toHaveLength(1);
    await pass(3_600_000);
    expect(written).toHaveLength(1);
  });

  it('ends with the pause, and with the job', async () => {
    const { idleJobs, written } = idleJobsOf();
    idleJobs.upsert(paused({ name: 'resumed' }), null);
    idleJobs.upsert(paused({ name: 'deleted' }), null);
    await pass(10_000);
    idleJobs.upsert(paused({ name: 'resumed', revision: 2, paused: null, idleSinceAt: null }), null);
    idleJobs.remove('deleted');
    const count = written.length;
    await pass(60_000);
    expect(written).toHaveLength(count);
  });

  it('counts nothing behind the last look at the definitions: the job may be resumed by then', async () => {
    const { idleJobs, written, state } = idleJobsOf();
    state.seenAgoMs = 20_000;
    idleJobs.upsert(paused(), null);
    await pass(30_000);
    for (const { at, span } of written) expect(span.to - start).toBeLessThanOrEqual(at - 25_000);
    expect(written.length).toBeGreaterThan(0);
  });

  it('leaves the writing to one host, and takes it over from it', async () => {
    const { idleJobs, written, state } = idleJobsOf();
    state.rank = 1;
    idleJobs.upsert(paused(), null);
    await pass(30_000);
    expect(written).toEqual([]);
    state.rank = 0;
    await pass(5000);
    expect(written.at(-1)?.span).toMatchObject({ from: start });
  });
});
