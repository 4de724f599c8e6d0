import { afterEach, describe, expect, it } from 'vitest';
import type { Job } from '../../../../app/domain/job/types';
import type { Labels } from '../../../../app/domain/message/types';
import { memberModel } from '../../../../app/model/member';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
let count = 0;

async function defined({ hostLabels, ...over }: Partial<Job> & { hostLabels: Labels }) {
  count += 1;
  const placement = { on: 'one' as const, hostLabels };
  const job = jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, placement, ...over });
  return { job, hint: await world.define(job) };
}

/** A host with these labels. */
async function workerOn(host: string, hostLabels: Labels): Promise<TestWorker> {
  const worker = await world.worker(host, { hostLabels });
  worker.service.start();
  return worker;
}

afterEach(async () => {
  await world.close();
  await database.collection(memberModel).deleteMany({});
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});

describe('a run for hosts with labels', () => {
  it('is taken over by a host that has them, not by another', async () => {
    const { job, hint } = await defined({ hostLabels: { zone: 'eu' } });
    const lost = await workerOn('a', { zone: 'eu' });
    world.behaviour.workMs = 60_000;
    lost.service.accept([hint(at)]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    await workerOn('us', { zone: 'us' });
    const fit = await world.worker('fit', { hostLabels: { zone: 'eu', disk: 'ssd' } });
    await world.bury(lost);
    world.behaviour.workMs = 0;
    fit.service.start();
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', hostId: 'fit', fence: 2 }]);
  });

  it('that a person asks of a host without them is run by one that has them', async () => {
    const { job } = await defined({ hostLabels: { zone: 'eu' } });
    const us = await workerOn('us', { zone: 'us' });
    await expect(us.service.control.run(job.name, 'ops', null)).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('zone=eu'),
    });
    const fit = await workerOn('fit', { zone: 'eu' });
    const runId = await us.service.control.run(job.name, 'ops', null);
    expect(await world.ended(job.name)).toMatchObject([{ _id: runId, state: 'succeeded', hostId: fit.member.hostId }]);
  });

  it.each(['queue', 'replace'] as const)('waits for them under %s', async overlap => {
    const { job } = await defined({ hostLabels: { zone: 'eu' }, overlap });
    const us = await workerOn('us', { zone: 'us' });
    const fit = await workerOn('fit', { zone: 'eu' });
    const runId = await us.service.control.run(job.name, 'ops', null);
    expect(await world.ended(job.name)).toMatchObject([{ _id: runId, state: 'succeeded', hostId: fit.member.hostId }]);
  });

  it('is given back by a host that does not have the labels of the newest definition', async () => {
    const { job } = await defined({ hostLabels: { zone: 'us' } });
    const us = await world.worker('us', { hostLabels: { zone: 'us' } });
    const span = { from: new Date(at.getTime() - 1), to: new Date(at.getTime() + 1) };
    const request = { ...span, overlap: 'queue' as const, concurrency: 1, hostId: null };
    expect(await us.service.control.backfill(job.name, request, 'ops', false)).toMatchObject({ count: 1 });
    await world.define({ ...job, placement: { on: 'one', hostLabels: { zone: 'eu' } } });
    us.service.start();
    await eventually('given back', async () => (await world.runs(job.name))[0]?.hostLabels?.['zone'] === 'eu');
    expect(world.executedOf(job.name)).toEqual([]);
    await workerOn('fit', { zone: 'eu' });
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', hostId: 'fit' }]);
  });
});
