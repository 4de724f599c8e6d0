import { describe, expect, it } from 'vitest';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { jitterOf } from '../../../app/domain/schedule/jitter';
import type { Timekeeper } from '../../../app/timing/timekeeper';
import { jobOf } from '../../support/job';
import { everySecond, pass, start, timekeeperOf, useFakeTime } from '../../support/timekeeper';

useFakeTime();

/** 1,300 jobs that are due at once, in the order in which they are announced. */
function crowdOf(timekeeper: Timekeeper): string[] {
  const names = Array.from({ length: 1300 }, (_, index) => `tick-${index}`);
  for (const name of names) timekeeper.upsert(jobOf({ name, schedule: { at: start }, plannedFromAt: start }));
  return names.reverse();
}

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

  it.each([
    [2, 2000],
    [9, 3000],
  ])('looks after an occurrence as the %i-th next host after %i ms', async (rank, afterMs) => {
    const { timekeeper, announced } = timekeeperOf({ rank });
    timekeeper.upsert(jobOf({ name: 'tick', schedule: { at: start }, plannedFromAt: start }));
    await pass(afterMs - 1);
    expect(announced).toEqual([]);
    await pass(200);
    expect(announced).toHaveLength(1);
  });

  it('does not race a host that is behind with a crowd, as long as more of it have records, reannounceMs at most', async () => {
    const { timekeeper, announced, records } = timekeeperOf({ rank: 1 });
    const names = crowdOf(timekeeper);
    const claim = (from: number, to: number) => {
      for (const name of names.slice(from, to)) records.add(occurrenceId(name, start));
    };
    claim(0, 400);
    await pass(1900);
    claim(400, 800);
    await pass(900);
    expect(announced).toEqual([]);
    await pass(400);
    expect(announced).toHaveLength(500);
  });

  it('takes a crowd over at the second look when none has got its record since the first', async () => {
    const { timekeeper, announced, records } = timekeeperOf({ rank: 1 });
    for (const name of crowdOf(timekeeper).slice(0, 400)) records.add(occurrenceId(name, start));
    await pass(1500);
    expect(announced).toEqual([]);
    await pass(700);
    expect(announced).toHaveLength(900);
  });

  it('sees to the record of what was due in an outage when the job is paused before anything is announced', async () => {
    const { timekeeper, announced, ended, state } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start }));
    await pass(500);
    state.ready = false;
    await pass(3000);
    const idleSinceAt = new Date(start.getTime() + 3500);
    const paused = { note: '', by: 'someone', at: idleSinceAt };
    timekeeper.upsert(
      jobOf({ name: 'tick', revision: 2, schedule: everySecond, plannedFromAt: start, paused, idleSinceAt }),
    );
    state.ready = true;
    await pass(5000);
    expect(announced.map(({ hint }) => hint.at - start.getTime())).toEqual([0]);
    expect(ended.map(({ at }) => at)).toEqual([0, 1000, 2000, 3000]);
    expect(new Set(ended.map(({ end }) => end?.why))).toEqual(new Set(['paused']));
  });

  it('sees to the record of what was due while no agent was there when it finds the job paused', async () => {
    const { timekeeper, announced, ended, records } = timekeeperOf();
    timekeeper.coverFrom(start.getTime() - 4000);
    records.add('tick@2025-12-31T23:59:57.000Z');
    const idleSinceAt = new Date(start.getTime() - 500);
    const paused = { note: '', by: 'someone', at: idleSinceAt };
    const plannedFromAt = new Date(start.getTime() - 60_000);
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt, paused, idleSinceAt }));
    timekeeper.upsert(jobOf({ name: 'old', schedule: everySecond, plannedFromAt, paused, idleSinceAt: plannedFromAt }));
    await pass(2000);
    expect(announced).toEqual([]);
    expect(ended.map(({ job, at }) => [job, at])).toEqual([
      ['tick', -2000],
      ['tick', -1000],
    ]);
  });

  it('gives what was missed before its start over to the misfire policy, only when it has no record', async () => {
    const hourly = jobOf({
      name: 'hourly',
      plannedFromAt: new Date('2025-12-31T23:00:00Z'),
      schedule: { cron: '30 * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' },
    });
    const first = timekeeperOf();
    first.timekeeper.upsert(hourly);
    await pass(100);
    expect(first.missed).toEqual([{ job: 'hourly', at: -1_800_000 }]);
    const done = timekeeperOf();
    done.records.add('hourly@2025-12-31T23:30:00.000Z');
    done.timekeeper.upsert(hourly);
    await pass(100);
    expect(done.missed).toEqual([]);
    expect([...first.keys(), ...done.keys()]).toEqual([]);
  });

  it('looks first where the occurrence was due before the job was known here: another start may have had it', async () => {
    const { timekeeper, announced, records } = timekeeperOf();
    records.add('tick@2025-12-31T23:59:59.000Z');
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: new Date(start.getTime() - 1000) }));
    await pass(900);
    expect(announced.map(({ hint }) => hint.at - start.getTime())).toEqual([0]);
  });

  it('announces nothing early when a timer fires early', async () => {
    const { timekeeper, announced, state } = timekeeperOf();
    const at = start.getTime() + 1000;
    for (const laterMs of [0, 4]) {
      const schedule = { at: new Date(at + laterMs) };
      timekeeper.upsert(jobOf({ name: `later-${laterMs}`, schedule, plannedFromAt: start }));
    }
    await pass(500);
    state.offsetMs = -3;
    await pass(501);
    expect(announced).toEqual([]);
    await pass(10);
    expect(announced.map(one => one.at - at)).toEqual([0, 4]);
  });

  it('looks nothing up from before the time up to which everything is recorded', async () => {
    const { timekeeper, missed } = timekeeperOf();
    timekeeper.coverFrom(start.getTime() - 60_000);
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: new Date('2025-12-01T00:00:00Z') }));
    await pass(200);
    expect(missed.map(({ at }) => at)[0]).toBe(-59_000);
    expect(timekeeper.oldestOpen()).toBeGreaterThanOrEqual(start.getTime() - 15_000);
  });

  it('gives a long outage over as one, without counting through it', async () => {
    const { timekeeper, missed } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: new Date('2025-11-01T00:00:00Z') }));
    await pass(200);
    expect(missed).toEqual([{ job: 'tick', at: -86_399_000 }]);
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

  it('announces thousands that are due at once in messages of at most 1,000', async () => {
    const sizes: number[] = [];
    const { timekeeper, keys } = timekeeperOf({ recordsAtOnce: true, sizes });
    const at = { at: new Date(start.getTime() + 1000) };
    for (let index = 0; index < 2500; index += 1)
      timekeeper.upsert(jobOf({ name: `job-${index}`, schedule: at, plannedFromAt: start }));
    await pass(11_000);
    expect(keys()).toHaveLength(2500);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  it('announces an occurrence when its jitter has passed, under its nominal time, and gives it that much more grace', async () => {
    const { timekeeper, announced } = timekeeperOf({ recordsAtOnce: true });
    timekeeper.upsert(jobOf({ name: 'jitter', schedule: everySecond, plannedFromAt: start, jitterMs: 900 }));
    await pass(20_000);
    expect(announced.length).toBeGreaterThanOrEqual(20);
    for (const { at, hint } of announced) {
      expect(hint.at % 1000).toBe(0);
      expect(at).toBeGreaterThanOrEqual(hint.at + jitterOf('jitter', hint.at, 900));
      expect(at).toBeLessThan(hint.at + 950);
      expect(hint.claimUntil).toBe(hint.at + 15_900);
    }
    expect(new Set(announced.map(({ at, hint }) => at - hint.at)).size).toBeGreaterThan(10);
  });

  it('gives what nobody recorded within its grace over to the misfire policy', async () => {
    const { timekeeper, announced, missed } = timekeeperOf();
    timekeeper.upsert(jobOf({ name: 'once', schedule: { at: start }, plannedFromAt: start }));
    await pass(30_000);
    expect(missed).toEqual([{ job: 'once', at: 0 }]);
    for (const { at, hint } of announced) expect(at).toBeLessThanOrEqual(hint.claimUntil);
  });

  it('says of occurrences that nobody recorded before a pause or a new schedule that they ended with it', async () => {
    const { timekeeper, ended } = timekeeperOf();
    for (const name of ['paused', 'moved', 'gone'])
      timekeeper.upsert(jobOf({ name, schedule: { at: start }, plannedFromAt: start }));
    timekeeper.upsert(jobOf({ name: 'jitter', schedule: { at: start }, plannedFromAt: start, jitterMs: 60_000 }));
    await pass(500);
    const later = new Date(start.getTime() + 400);
    const next = { at: new Date(start.getTime() + 3_600_000) };
    const paused = { note: '', by: 'ops', at: later };
    timekeeper.upsert(
      jobOf({ name: 'paused', revision: 2, schedule: next, plannedFromAt: start, paused, idleSinceAt: later }),
    );
    timekeeper.upsert(jobOf({ name: 'moved', revision: 2, schedule: next, plannedFromAt: later }));
    timekeeper.upsert(
      jobOf({ name: 'jitter', revision: 2, schedule: next, plannedFromAt: start, paused, idleSinceAt: later }),
    );
    timekeeper.remove('gone');
    await pass(70_000);
    expect(ended.map(({ job, at, end }) => `${job} ${at} ${end?.why}`).sort()).toEqual([
      'jitter 0 paused',
      'moved 0 changed',
      'paused 0 paused',
    ]);
  });
});
