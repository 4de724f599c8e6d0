import { describe, expect, it } from 'vitest';
import { jobOf } from '../../support/job';
import { everySecond, pass, start, timekeeperOf, useFakeTime } from '../../support/timekeeper';

useFakeTime();

describe('Timekeeper when a clock or the machine goes wrong', () => {
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

  it('gives over what was due in a long outage when the job is paused before anything is announced', async () => {
    const { timekeeper, missed, state, ended } = timekeeperOf();
    const job = jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start });
    timekeeper.upsert(job);
    await pass(500);
    state.ready = false;
    await pass(300_000);
    const at = new Date(start.getTime() + 300_000);
    timekeeper.upsert({ ...job, revision: 2, paused: { at, by: 'test', note: 'quiet' }, idleSinceAt: at });
    expect(missed).toEqual([{ job: 'tick', at: 1000 }]);
    state.ready = true;
    await pass(1000);
    expect(ended).toMatchObject([{ at: 0 }]);
  });

  it('leaves to the misfire policy what a machine that slept for 5 minutes missed, and announces what is in grace', async () => {
    const { timekeeper, announced, missed, state, record } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    await pass(500);
    record();
    const before = announced.length;
    state.offsetMs = 300_000;
    timekeeper.clockMeasured();
    await pass(100);
    const late = announced.slice(before).map(({ hint }) => hint.at - start.getTime());
    late.sort((a, b) => a - b);
    expect(late).toEqual(Array.from({ length: 15 }, (_, index) => 286_000 + index * 1000));
    expect(Math.min(...missed.map(({ at }) => at))).toBe(1000);
  });

  it('hands nothing on twice and passes nothing over when the clock jumps an hour ahead and back', async () => {
    const { timekeeper, keys, missed, state } = timekeeperOf({ recordsAtOnce: true });
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    await pass(500);
    state.offsetMs = 3_600_000;
    timekeeper.clockMeasured();
    await pass(5000);
    state.offsetMs = 0;
    timekeeper.clockMeasured();
    await pass(60_000);
    expect(new Set(keys()).size).toBe(keys().length);
    expect(Math.min(...missed.map(({ at }) => at))).toBe(1000);
    expect(keys()).toContain('tick@2026-01-01T01:00:05.000Z');
    expect(keys()).not.toContain('tick@2026-01-01T01:00:07.000Z');
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
});
