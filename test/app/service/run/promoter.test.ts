import { afterEach, describe, expect, it } from 'vitest';
import type { Job } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { runModel } from '../../../../app/model/run';
import { queued } from '../../../../app/repository/runDocument';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
let count = 0;

function named(over: Partial<Job> = {}): Job {
  count += 1;
  return jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
}

/** What a settlement queues: runs of nobody, for whoever starts them first. */
async function queueUp(job: Job, hours: number[], lane: string, queuedAt = new Date()): Promise<void> {
  const runs = hours.map(hour => {
    const scheduledAt = at(hour);
    const fields = { job: job.name, jobRevision: 1, scheduledAt, claimedAt: queuedAt, member: '', hostId: '' };
    const kind = { trigger: 'schedule', onLost: 'retry', overlap: job.overlap } as const;
    return queued({ id: occurrenceId(job.name, scheduledAt), ...fields, ...kind }, [lane], 30);
  });
  await database.collection(runModel).insertMany(runs);
}

const ended = (job: string, many: number) => world.ended(job, many);

const hoursOf = (job: string) => world.hoursOf(job);

afterEach(async () => {
  await world.close();
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});
describe('runs that were queued by nobody', () => {
  it.each(['', '~catchup'])('run one after another in order, on whichever worker (lane “job%s”)', async suffix => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    const job = named({ overlap: suffix === '' ? 'skip' : 'allow' });
    await world.define(job);
    world.behaviour.workMs = 40;
    await queueUp(job, [5, 3, 4, 1, 2], `${job.name}${suffix}`);
    for (const { service } of [a, b]) service.start();
    const runs = await ended(job.name, 5);
    expect(hoursOf(job.name)).toEqual([1, 2, 3, 4, 5]);
    expect(world.mostAtOnce(job.name)).toBe(1);
    expect(runs.every(run => run.state === 'succeeded' && run.lostCount === 0 && run.fence === 2)).toBe(true);
    expect([a, b].some(({ log }) => log.has('run.takenOver'))).toBe(false);
  });

  it('start when a worker is told that they are there, not only at its next sweep', async () => {
    const { service } = await world.worker('told');
    const job = named();
    await world.define(job);
    await queueUp(job, [1], job.name);
    service.wake();
    expect(await ended(job.name, 1)).toMatchObject([{ state: 'succeeded', hostId: 'told' }]);
  });

  it('share the job’s lane with its schedule: neither runs beside the other', async () => {
    const { service } = await world.worker('sharing');
    service.start();
    const job = named();
    const hint = await world.define(job);
    world.behaviour.workMs = 600;
    await queueUp(job, [1, 2, 3], job.name);
    service.wake();
    await eventually('one runs', () => world.executedOf(job.name).length > 0);
    service.accept([hint(at(4))]);
    const runs = await ended(job.name, 4);
    expect(world.mostAtOnce(job.name)).toBe(1);
    expect(runs.at(-1)).toMatchObject({ state: 'skipped', reason: 'overlap' });
  });

  it('are recorded as skipped where the job is paused or gone by then', async () => {
    const { service } = await world.worker('late');
    const [paused, gone] = [named({ paused: { note: '', by: 'ops', at: at(0) } }), named()];
    await world.define(paused);
    for (const job of [paused, gone]) await queueUp(job, [1, 2], job.name);
    service.wake();
    expect(await ended(paused.name, 2)).toMatchObject([{ reason: 'paused' }, { reason: 'paused' }]);
    expect(await ended(gone.name, 2)).toMatchObject([{ reason: 'changed' }, { reason: 'changed' }]);
  });

  it('expire when they have not started within the misfire horizon', async () => {
    const job = named();
    await world.define(job);
    const { service, clocks } = await world.worker('expiring', { misfireHorizonMs: 5000 });
    await queueUp(job, [1], job.name, new Date(Date.now() - 1000));
    await database.collection(runModel).insertOne({ _id: 'holder', job: 'x', slot: job.name });
    const other = named();
    await world.define(other);
    await queueUp(other, [1], other.name);
    clocks.pass(3000);
    service.wake();
    await ended(other.name, 1);
    expect((await world.runs(job.name))[0]?.state).toBe('queued');
    clocks.pass(3000);
    service.wake();
    expect(await ended(job.name, 1)).toMatchObject([{ state: 'skipped', reason: 'expired' }]);
    await database.collection(runModel).deleteOne({ _id: 'holder' });
  });

  it('are no more than a worker may run at a time', async () => {
    const { service } = await world.worker('small', { maxRuns: 2 });
    service.start();
    const jobs = Array.from({ length: 6 }, () => named());
    world.behaviour.workMs = 100;
    for (const job of jobs) await world.define(job);
    for (const job of jobs) await queueUp(job, [1], job.name);
    for (const job of jobs) await ended(job.name, 1);
    const all = jobs.flatMap(job => world.executedOf(job.name));
    const atOnce = all.map(
      one => all.filter(other => other.beganAt <= one.beganAt && (other.endedAt ?? 0) > one.beganAt).length,
    );
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(2);
  });
});
