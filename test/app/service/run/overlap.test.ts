import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Job, Overlap } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
let a: TestWorker;
let b: TestWorker;
let count = 0;

/** The n-th occurrence of an hourly job. */
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));

function named(overlap: Overlap, over: Partial<Job> = {}): Job {
  count += 1;
  return jobOf({ name: `job-${count}`, overlap, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
}

async function outcomes(job: string): Promise<Record<number, string>> {
  const runs = await world.runs(job);
  return Object.fromEntries(runs.map(run => [run.scheduledAt.getUTCHours(), run.reason ?? run.state]));
}

async function started(job: string, hour: number) {
  const id = occurrenceId(job, at(hour));
  return await eventually(`${id} runs`, () => world.executedOf(job).find(one => one.runId === id));
}

async function ended(job: string, many: number) {
  return await eventually(`${many} runs of ${job} end`, async () => {
    const runs = await world.runs(job);
    return runs.length >= many && runs.every(run => run.finishedAt !== null) && runs;
  });
}

/** Both hosts hear of each occurrence, and the next comes while the one before it runs. */
async function race(job: Job, occurrences: number, workMs: number, periodMs: number): Promise<void> {
  const hint = await world.define(job);
  world.behaviour.workMs = workMs;
  for (let hour = 0; hour < occurrences; hour += 1) {
    for (const { service } of hour % 2 === 0 ? [a, b] : [b, a]) service.accept([hint(at(hour))]);
    await sleep(periodMs);
  }
  // As the agents do: what has no record is announced again.
  await eventually(`every occurrence of ${job.name} has a record`, async () => {
    const recorded = await outcomes(job.name);
    const missing = Array.from({ length: occurrences }, (_, hour) => hour).filter(hour => recorded[hour] === undefined);
    a.service.accept(missing.map(hour => hint(at(hour))));
    return missing.length === 0;
  });
}

beforeAll(async () => {
  [a, b] = [await world.worker('a'), await world.worker('b')];
  for (const { service } of [a, b]) service.start();
});
afterEach(() => {
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});
afterAll(() => world.close());

describe('two hosts with runs longer than the period', () => {
  it('by `skip` never run two of a job, and record every occurrence that gave way', async () => {
    const job = named('skip');
    await race(job, 12, 180, 60);
    const runs = await ended(job.name, 12);
    expect(world.mostAtOnce(job.name)).toBe(1);
    expect(new Set(runs.map(run => run.reason ?? run.state))).toEqual(new Set(['succeeded', 'overlap']));
  });

  it('by `queue` never run two of a job; each that ends is followed at once by the one that waited', async () => {
    const job = named('queue');
    await race(job, 12, 180, 60);
    const runs = await ended(job.name, 12);
    expect(world.mostAtOnce(job.name)).toBe(1);
    expect(new Set(runs.map(run => run.reason ?? run.state))).toEqual(new Set(['succeeded', 'overlap']));
    const order = world.executedOf(job.name).map(one => one.runId);
    expect(order).toEqual([...order].sort());
    expect(order.length).toBeGreaterThanOrEqual(2);
  });

  it('by `allow` run beside each other', async () => {
    const job = named('allow');
    await race(job, 4, 400, 30);
    expect(await ended(job.name, 4)).toHaveLength(4);
    expect(world.mostAtOnce(job.name)).toBeGreaterThan(1);
  });

  it('by `replace` end the one that runs, wherever, never run two, and end with the newest', async () => {
    const job = named('replace');
    await race(job, 12, 60_000, 60);
    const newest = await started(job.name, 11);
    const others = Object.entries(await outcomes(job.name)).filter(([hour]) => hour !== '11');
    expect(others).toHaveLength(11);
    expect(['cancelled', 'overlap']).toEqual(expect.arrayContaining(others.map(([, outcome]) => outcome)));
    expect(world.mostAtOnce(job.name)).toBe(1);
    await a.service.control.cancel(newest.runId, 'test');
    await ended(job.name, 12);
  });
});

describe('`queue`', () => {
  it('keeps exactly one waiting, the first, and starts it on whichever host the run before it ends', async () => {
    const job = named('queue');
    const hint = await world.define(job);
    world.behaviour.workMs = 3000;
    a.service.accept([hint(at(0))]);
    await started(job.name, 0);
    for (const hour of [1, 2, 3]) {
      b.service.accept([hint(at(hour))]);
      await eventually(`${hour} is decided`, async () => Object.keys(await outcomes(job.name)).length === hour + 1);
    }
    expect(await outcomes(job.name)).toEqual({ 0: 'running', 1: 'queued', 2: 'overlap', 3: 'overlap' });
    world.behaviour.workMs = 0;
    await ended(job.name, 4);
    expect(await outcomes(job.name)).toEqual({ 0: 'succeeded', 1: 'succeeded', 2: 'overlap', 3: 'overlap' });
    const [first, second] = world.executedOf(job.name);
    expect(Number(second?.beganAt) - Number(first?.endedAt)).toBeLessThan(2000);
  });

  it('starts who waits when the run before it ends, without waiting for a sweep', async () => {
    await Promise.all([a, b].map(({ service }) => service.stop(0)));
    const [c, d] = [await world.worker('c'), await world.worker('d')];
    const job = named('queue');
    const hint = await world.define(job);
    world.behaviour.workMs = 2000;
    c.service.accept([hint(at(0))]);
    await started(job.name, 0);
    d.service.accept([hint(at(1))]);
    const runs = await ended(job.name, 2);
    expect(runs.map(run => [run.state, run.hostId])).toEqual([
      ['succeeded', 'c'],
      ['succeeded', 'c'],
    ]);
    [a, b] = [await world.worker('a'), await world.worker('b')];
    for (const { service } of [a, b]) service.start();
  });

  it('starts who waits before a fresh one, also where nobody of those who put it there is left', async () => {
    const job = named('queue');
    const hint = await world.define(job);
    const lonely = await world.worker('lonely');
    world.behaviour.workMs = 60_000;
    lonely.service.accept([hint(at(0))]);
    await started(job.name, 0);
    lonely.service.accept([hint(at(1))]);
    await eventually('the second waits', async () => (await outcomes(job.name))[1] === 'queued');
    world.behaviour.workMs = 50;
    await world.bury(lonely);
    await eventually('the lost run is run again', async () => (await outcomes(job.name))[0] === 'succeeded');
    b.service.accept([hint(at(2))]);
    await ended(job.name, 3);
    const order = world.hoursOf(job.name);
    expect(order.filter(hour => hour > 0)[0]).toBe(1);
    expect(await outcomes(job.name)).toMatchObject({ 0: 'succeeded', 1: 'succeeded' });
  });

  it('starts who waits when the run ends although the policy was changed to `skip` meanwhile', async () => {
    const job = named('queue');
    const hint = await world.define(job);
    world.behaviour.workMs = 2500;
    a.service.accept([hint(at(0))]);
    await started(job.name, 0);
    b.service.accept([hint(at(1))]);
    await eventually('the second waits', async () => (await outcomes(job.name))[1] === 'queued');
    const skipping = await world.define({ ...job, overlap: 'skip' });
    a.service.accept([skipping(at(2))]);
    await ended(job.name, 3);
    expect(await outcomes(job.name)).toEqual({ 0: 'succeeded', 1: 'succeeded', 2: 'overlap' });
  });

  it('leaves out who waits where the job is paused meanwhile', async () => {
    const job = named('queue');
    const hint = await world.define(job);
    world.behaviour.workMs = 2000;
    a.service.accept([hint(at(0))]);
    await started(job.name, 0);
    b.service.accept([hint(at(1))]);
    await eventually('the second waits', async () => (await outcomes(job.name))[1] === 'queued');
    await world.define({ ...job, paused: { note: 'night', by: 'ops', at: at(0) } });
    await ended(job.name, 2);
    expect(await outcomes(job.name)).toEqual({ 0: 'succeeded', 1: 'paused' });
  });
});

describe('`replace`', () => {
  it('cancels a run on the other host, says so in its record, and starts when it has ended', async () => {
    const job = named('replace');
    const hint = await world.define(job);
    world.behaviour.workMs = 60_000;
    a.service.accept([hint(at(0))]);
    await started(job.name, 0);
    world.behaviour.workMs = 0;
    b.service.accept([hint(at(1))]);
    const [old, newest] = await ended(job.name, 2);
    expect(old).toMatchObject({ state: 'cancelled', hostId: 'a', cancelRequestedBy: 'overlap: replace' });
    expect(old?.error).toMatchObject({ code: 'cancelled', message: expect.stringContaining('newer run') });
    expect(newest).toMatchObject({ state: 'succeeded' });
    expect(world.mostAtOnce(job.name)).toBe(1);
  });

  it('keeps the newest of those that wait, and gives work that does not end killGraceMs, no less', async () => {
    const [patient, asker] = [await world.worker('patient', { killGraceMs: 900 }), await world.worker('asker')];
    patient.service.start();
    const job = named('replace');
    const hint = await world.define(job);
    Object.assign(world.behaviour, { workMs: 2500, deaf: true });
    patient.service.accept([hint(at(0))]);
    await started(job.name, 0);
    Object.assign(world.behaviour, { workMs: 0, deaf: false });
    const askedAt = performance.now();
    for (const hour of [1, 2, 3]) {
      asker.service.accept([hint(at(hour))]);
      await eventually(`${hour} is decided`, async () => Object.keys(await outcomes(job.name)).length === hour + 1);
    }
    expect(await outcomes(job.name)).toEqual({ 0: 'running', 1: 'overlap', 2: 'overlap', 3: 'queued' });
    await ended(job.name, 4);
    expect(await outcomes(job.name)).toEqual({ 0: 'cancelled', 1: 'overlap', 2: 'overlap', 3: 'succeeded' });
    const newest = world.executedOf(job.name).at(-1);
    expect(Number(newest?.beganAt) - askedAt).toBeGreaterThan(850);
    expect(Number(newest?.beganAt) - askedAt).toBeLessThan(2400);
  });

  it('starts when the member of the old one is dead, whose run is closed and not run again', async () => {
    const mortal = await world.worker('mortal');
    const job = named('replace');
    const hint = await world.define(job);
    Object.assign(world.behaviour, { workMs: 60_000, deaf: true });
    mortal.service.accept([hint(at(0))]);
    await started(job.name, 0);
    Object.assign(world.behaviour, { workMs: 0, deaf: false });
    b.service.accept([hint(at(1))]);
    await eventually('the new one waits', async () => (await outcomes(job.name))[1] === 'queued');
    await world.bury(mortal);
    await ended(job.name, 2);
    expect(await outcomes(job.name)).toEqual({ 0: 'cancelled', 1: 'succeeded' });
    expect(world.executedOf(job.name)).toHaveLength(2);
  });

  it('ends no run that is newer than the one that comes late', async () => {
    const job = named('replace');
    const hint = await world.define(job);
    world.behaviour.workMs = 3000;
    a.service.accept([hint(at(5))]);
    await started(job.name, 5);
    b.service.accept([hint(at(4))]);
    await ended(job.name, 2);
    expect(await outcomes(job.name)).toEqual({ 4: 'overlap', 5: 'succeeded' });
  });
});

describe('a claim that comes too late', () => {
  it('is dropped unclaimed past claimUntil: the misfire policy decides', async () => {
    const job = named('skip');
    const hint = await world.define(job);
    a.service.accept([{ ...hint(at(0)), claimUntil: at(0).getTime() + 15_000 }]);
    await eventually('it is dropped', () => a.log.has('intake.tooLate'));
    expect(await world.runs(job.name)).toEqual([]);
  });

  it.each(['skip', 'queue'] as const)(
    'takes itself back where its occurrence is settled already (%s)',
    async overlap => {
      const job = named(overlap);
      const hint = await world.define(job);
      const settled = { until: at(3), expireAt: new Date(Date.now() + 86_400_000) };
      await database.db.collection<{ _id: string }>('settlements').insertOne({ _id: job.name, ...settled });
      a.service.accept([hint(at(3))]);
      await eventually('it is taken back', () =>
        a.log.lines.some(line => line.event === 'run.cameTooLate' && line.fields['jobId'] === job.name),
      );
      a.service.accept([hint(at(4))]);
      await eventually('the later one ran', async () => (await outcomes(job.name))[4] === 'succeeded');
      expect(await outcomes(job.name)).toEqual({ 4: 'succeeded' });
    },
  );
});
