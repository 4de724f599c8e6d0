import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../../../app/domain/job/types';
import { runModel } from '../../../../app/model/run';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
let a: TestWorker;
let b: TestWorker;
let count = 0;

async function defined(over: Partial<Job> = {}) {
  count += 1;
  const job = jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
  return { job, hint: await world.define(job) };
}

const ended = (job: string, many = 1) => world.ended(job, many);

beforeAll(async () => {
  [a, b] = [await world.worker('a'), await world.worker('b')];
  for (const { service } of [a, b]) service.start();
});
afterEach(() => {
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});
afterAll(() => world.close());

describe('a run that a person asks for', () => {
  it.each([
    ['a paused', { paused: { note: '', by: 'ops', at } }],
    ['a disabled', { enabled: false }],
    ['a not yet planned', { plannedFromAt: new Date('2099-01-01T00:00:00Z') }],
  ])('is executed at once by the worker that was asked, also of %s job', async (_what, over) => {
    const { job } = await defined(over);
    const runId = await b.service.control.run(job.name, 'ops', null);
    expect(runId).toMatch(new RegExp(`^${job.name}@\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z~[0-9a-f]{12}$`));
    const fields = { _id: runId, trigger: 'manual', requestedBy: 'ops', state: 'succeeded', hostId: 'b' };
    expect(await ended(job.name)).toMatchObject([fields]);
  });

  it('is refused for a job that is not there', async () => {
    await expect(a.service.control.run('none', 'ops', null)).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    ['skip', 'running', 'overlap', 1],
    ['queue', 'running', 'queued', 1],
    ['allow', 'running', 'running', 2],
    ['replace', 'cancelled', 'running', 1],
  ] as const)('minds the job’s overlap policy: %s', async (overlap, scheduled, asked, atOnce) => {
    const { job, hint } = await defined({ overlap });
    world.behaviour.workMs = 60_000;
    a.service.accept([hint(at)]);
    await eventually('the scheduled one runs', () => world.executedOf(job.name).length === 1);
    const runId = await b.service.control.run(job.name, 'ops', null);
    expect((await world.runs(job.name)).map(run => run._id)).toContain(runId);
    await eventually('both are as the policy says', async () => {
      const states = (await world.runs(job.name)).map(run => run.reason ?? run.state);
      return states.join() === [scheduled, asked].join() && world.mostAtOnce(job.name) === atOnce;
    });
    for (const run of (await world.runs(job.name)).reverse()) {
      if (run.finishedAt === null) await b.service.control.cancel(run._id, 'test');
    }
    await ended(job.name, 2);
    expect(world.mostAtOnce(job.name)).toBe(atOnce);
  });

  it('is recorded even where the member that holds the lane is lost', async () => {
    const mortal = await world.worker('mortal');
    const asked = await world.worker('asked');
    const { job, hint } = await defined();
    world.behaviour.workMs = 60_000;
    mortal.service.accept([hint(at)]);
    await eventually('the scheduled one runs', () => world.executedOf(job.name).length === 1);
    world.behaviour.workMs = 0;
    for (const { service } of [a, b]) await service.stop(0);
    await world.bury(mortal);
    const runId = await asked.service.control.run(job.name, 'ops', null);
    expect(await world.runs(job.name)).toMatchObject([{}, { _id: runId, state: 'skipped', reason: 'overlap' }]);
    [a, b] = [await world.worker('a'), await world.worker('b')];
    for (const { service } of [a, b]) service.start();
  });

  it('does not start where this member’s lease is lost', async () => {
    const { job } = await defined();
    const { service, clocks } = await world.worker('expired');
    clocks.pass(60_000);
    await expect(service.control.run(job.name, 'ops', null)).rejects.toMatchObject({ status: 503 });
    expect(await world.runs(job.name)).toEqual([]);
  });
});

describe('an Idempotency-Key', () => {
  it.each(['skip', 'queue', 'allow', 'replace'] as const)(
    'makes asking many times, on both workers, asking once (%s)',
    async overlap => {
      const { job } = await defined({ overlap });
      world.behaviour.workMs = 200;
      const asked = [a, b, a, b, a, b].map(({ service }) => service.control.run(job.name, 'ops', 'key-1'));
      const ids = new Set(await Promise.all(asked));
      expect(ids.size).toBe(1);
      expect(await a.service.control.run(job.name, 'ops', 'key-1')).toBe([...ids][0]);
      expect(await ended(job.name)).toMatchObject([{ _id: [...ids][0], state: 'succeeded' }]);
      expect(world.executedOf(job.name)).toHaveLength(1);
    },
  );

  it('is another one for another job, for a job made anew, and after a day', async () => {
    const [{ job }, { job: other }] = [await defined({ overlap: 'allow' }), await defined({ overlap: 'allow' })];
    const first = await a.service.control.run(job.name, 'ops', 'key-1');
    expect(await a.service.control.run(other.name, 'ops', 'key-1')).not.toBe(first);
    const dayBefore = { $set: { scheduledAt: new Date(Date.now() - 86_500_000) } };
    await ended(job.name);
    await database.collection(runModel).updateOne({ _id: first }, dayBefore);
    const second = await b.service.control.run(job.name, 'ops', 'key-1');
    expect(second).not.toBe(first);
    await world.define({ ...job, createdRevision: 0 });
    expect(await b.service.control.run(job.name, 'ops', 'key-1')).not.toBe(second);
  });
});
