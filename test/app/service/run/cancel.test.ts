import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../../../app/domain/errors';
import type { Job } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { Runs } from '../../../../app/repository/runs';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
const later = new Date('2026-01-01T02:00:00Z');
let a: TestWorker;
let b: TestWorker;
let count = 0;

function named(over: Partial<Job> = {}): Job {
  count += 1;
  return jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
}

async function started(job: string): Promise<string> {
  return await eventually(`${job} runs`, () => world.executedOf(job)[0]?.runId);
}

async function ended(job: string) {
  return await eventually(`the runs of ${job} end`, async () => {
    const runs = await world.runs(job);
    return runs.length > 0 && runs.every(run => run.finishedAt !== null) && runs;
  });
}

/** A job whose run takes a minute on this worker, unless it is told to end. */
async function longRun(on: TestWorker, over: Partial<Job> = {}) {
  const job = named(over);
  const hint = await world.define(job);
  world.behaviour.workMs = 60_000;
  on.service.accept([hint(at)]);
  return { job, hint, id: await started(job.name) };
}

beforeAll(async () => {
  [a, b] = [await world.worker('a'), await world.worker('b')];
  for (const { service } of [a, b]) service.start();
});
afterEach(() => {
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});
afterAll(() => world.close());

describe('a cancel', () => {
  it('ends a run on another worker, names who asked, touches no alert and is not tried again', async () => {
    const { job, id } = await longRun(a, { retry: { limit: 3, backoffMs: 1, factor: 1 } });
    const answer = await b.service.control.cancel(id, 'ops');
    expect(answer).toMatchObject({ id, cancelRequestedBy: 'ops', cancelRequestedAt: expect.any(Date) });
    const [run] = await ended(job.name);
    expect(run).toMatchObject({ state: 'cancelled', attempt: 1, fence: 2, hostId: 'a', outcome: null });
    expect(run?.error).toEqual({ code: 'cancelled', message: 'Cancelled by ops.' });
    expect(run?.slot).toBeUndefined();
    expect(await world.alerts.open(job.name, job.createdRevision)).toEqual([]);
    expect(world.executedOf(job.name)).toHaveLength(1);
  });

  it('ends a run that waits for its next attempt', async () => {
    const job = named({ retry: { limit: 3, backoffMs: 60_000, factor: 1 } });
    const hint = await world.define(job);
    world.behaviour.error = new SourceError('62', 'Syntax error');
    a.service.accept([hint(at)]);
    const id = await started(job.name);
    await eventually('its first attempt has ended', () => world.executedOf(job.name)[0]?.endedAt);
    await b.service.control.cancel(id, 'ops');
    expect(await ended(job.name)).toMatchObject([{ state: 'cancelled', attempt: 1 }]);
  });

  it('ends a run that waits for its lane at once, and the lane’s holder goes on', async () => {
    const { job, hint, id } = await longRun(a, { overlap: 'queue' });
    b.service.accept([hint(later)]);
    const waiting = await eventually('one waits', async () =>
      (await world.runs(job.name)).find(run => run.state === 'queued'),
    );
    expect(await a.service.control.cancel(waiting._id, 'ops')).toMatchObject({ state: 'cancelled' });
    expect(await world.runs(job.name)).toMatchObject([{ state: 'running' }, { state: 'cancelled', startedAt: null }]);
    await b.service.control.cancel(id, 'ops');
    await ended(job.name);
  });

  it('frees the lane for the run that waits', async () => {
    const { job, hint, id } = await longRun(a, { overlap: 'queue' });
    b.service.accept([hint(later)]);
    await eventually('one waits', async () => (await world.runs(job.name))[1]?.state === 'queued');
    world.behaviour.workMs = 0;
    await b.service.control.cancel(id, 'ops');
    expect(await ended(job.name)).toMatchObject([{ state: 'cancelled' }, { state: 'succeeded' }]);
  });

  it('asked for twice is asked for once; of an ended run it is refused, of an unknown one too', async () => {
    const { job, id } = await longRun(a);
    const first = await b.service.control.cancel(id, 'ops');
    const second = await a.service.control.cancel(id, 'others');
    expect(second['cancelRequestedBy']).toBe('ops');
    expect(second['cancelRequestedAt']).toEqual(first['cancelRequestedAt']);
    await ended(job.name);
    await expect(a.service.control.cancel(id, 'ops')).rejects.toMatchObject({ status: 409 });
    await expect(a.service.control.cancel('none@x', 'ops')).rejects.toMatchObject({ status: 404 });
  });
});

describe('work that does not end', () => {
  it('is left alone after killGraceMs: its record is closed, and what it finds counts for nothing', async () => {
    const short = await world.worker('short', { killGraceMs: 200 });
    const asker = await world.worker('asker');
    short.service.start();
    world.behaviour.deaf = true;
    const { job, hint, id } = await longRun(short);
    await asker.service.control.cancel(id, 'ops');
    expect(await ended(job.name)).toMatchObject([{ state: 'cancelled', fence: 2 }]);
    Object.assign(world.behaviour, { workMs: 0, deaf: false });
    b.service.accept([hint(later)]);
    await eventually('the next one runs', async () => (await world.runs(job.name))[1]?.state === 'succeeded');
  });

  it('is closed by its owner too where that does not even execute it', async () => {
    const short = await world.worker('short', { killGraceMs: 150 });
    const job = named();
    const hint = await world.define(job);
    const { name, onLost, overlap } = job;
    const { memberId: member, hostId } = short.member;
    const id = occurrenceId(name, at);
    const claim = { id, job: name, jobRevision: hint(at).revision, scheduledAt: at, claimedAt: at, onLost, overlap };
    await new Runs(database, 30).claim([{ ...claim, trigger: 'schedule', member, hostId }]);
    await a.service.control.cancel(id, 'ops');
    short.service.start();
    expect(await ended(name)).toMatchObject([{ state: 'cancelled', fence: 2, startedAt: null }]);
    expect(world.executedOf(name)).toEqual([]);
  });

  it('cannot write its result once the record is closed, although it succeeds', async () => {
    const [short, asker] = [await world.worker('short', { killGraceMs: 150 }), await world.worker('asker')];
    const job = named();
    const hint = await world.define(job);
    Object.assign(world.behaviour, { workMs: 700, value: 500, deaf: true });
    short.service.accept([hint(at)]);
    const id = await started(job.name);
    await asker.service.control.cancel(id, 'ops');
    short.clocks.pass(1000);
    // Only now it hears: the time is over already, the record is closed while the work still goes on.
    short.service.start();
    expect(await ended(job.name)).toMatchObject([{ state: 'cancelled', fence: 2 }]);
    await eventually('the work has ended', () => world.executedOf(job.name)[0]?.endedAt);
    expect(await world.runs(job.name)).toMatchObject([{ state: 'cancelled', outcome: null }]);
    expect(await world.alerts.open(job.name, job.createdRevision)).toEqual([]);
  });
});

describe('a run whose member is lost', () => {
  it('is closed as cancelled by whoever takes over, not run again', async () => {
    const mortal = await world.worker('mortal');
    const { job, id } = await longRun(mortal);
    await b.service.control.cancel(id, 'ops');
    await world.bury(mortal);
    expect(await ended(job.name)).toMatchObject([{ state: 'cancelled', fence: 2, lostCount: 0 }]);
    expect(world.executedOf(job.name)).toHaveLength(1);
  });

  it('is closed as cancelled by the member itself where that stops', async () => {
    const stopping = await world.worker('stopping');
    const { job, id } = await longRun(stopping);
    await b.service.control.cancel(id, 'ops');
    await stopping.service.stop(0);
    expect(await world.runs(job.name)).toMatchObject([{ state: 'cancelled' }]);
  });
});
