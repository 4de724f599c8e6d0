import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDoc } from '../../app/model/run';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { Load } from '../support/load';
import { OwnMongod } from '../support/ownMongod';
import { runsOf } from '../support/runRecords';

/** Each run lasts longer than two periods of its job. */
const workMs = 2400;
const seconds = 12;
let mongod: OwnMongod;
let world: ClusterWorld;
let a: Host;
let b: Host;

beforeAll(async () => {
  mongod = await OwnMongod.start();
  world = await new ClusterWorld(mongod.url).prepare();
  [a, b] = [world.host('a'), world.host('b')];
  await Promise.all([a.start(), b.start()]);
  await world.defineNumbers();
  await world.api.must('PATCH', '/api/v1/sources/numbers', { timeoutMs: 60_000 });
  await mongod.delay({ commands: ['aggregate'], namespace: world.numbersNamespace, ms: workMs });
}, 90_000);

afterAll(async () => {
  await mongod?.noDelay();
  await world?.close();
  await mongod?.stop();
}, 60_000);

/** Four jobs a second under one policy; every record of theirs once all have ended. */
async function runLoad(name: string, overlap: string): Promise<RunDoc[]> {
  await world.setNumber(name, 1);
  const load = await new Load(world, { name, jobs: 4, seconds, over: () => ({ overlap }) }).begin();
  const runs = await load.ended(40_000);
  expect(runs.map(run => run._id).sort()).toEqual(load.occurrences().sort());
  return runs;
}

const jobsOf = (runs: readonly RunDoc[]) => [...new Set(runs.map(run => run.job))];
const started = (runs: readonly RunDoc[], job: string) =>
  runs
    .filter(run => run.job === job && run.startedAt !== null)
    .sort((left, right) => Number(left.startedAt) - Number(right.startedAt));

/** No run of a job starts before the one before it has ended, on whichever host either was. */
function expectOneAtATime(runs: readonly RunDoc[]): void {
  for (const job of jobsOf(runs)) {
    const order = started(runs, job);
    order.slice(1).forEach((run, index) => {
      expect(Number(run.startedAt), run._id).toBeGreaterThanOrEqual(Number(order[index]?.finishedAt));
    });
  }
}

const reasonsOf = (runs: readonly RunDoc[], state: RunDoc['state']) =>
  new Set(runs.filter(run => run.state === state).map(run => run.reason));

describe('two hosts with jobs whose runs last longer than their period', () => {
  it('by `skip` never run two of a job, and record each occurrence that gave way', async () => {
    const runs = await runLoad('skip', 'skip');
    expectOneAtATime(runs);
    expect(new Set(runs.map(run => run.state))).toEqual(new Set(['succeeded', 'skipped']));
    expect(reasonsOf(runs, 'skipped')).toEqual(new Set(['overlap']));
    expect(new Set(runs.map(run => run.hostId)).size).toBe(2);
  }, 90_000);

  it('by `queue` keep exactly one waiting, the first', async () => {
    const runs = await runLoad('queue', 'queue');
    expectOneAtATime(runs);
    expect(new Set(runs.map(run => run.state))).toEqual(new Set(['succeeded', 'skipped']));
    expect(reasonsOf(runs, 'skipped')).toEqual(new Set(['overlap']));
    for (const job of jobsOf(runs)) {
      const order = started(runs, job);
      // The waiting place is free from the start of a run on: the first occurrence after it has it.
      order.slice(1).forEach((run, index) => {
        const waitingSince = Number(run.scheduledAt) - Number(order[index]?.startedAt);
        expect(waitingSince, run._id).toBeLessThan(1000 + 900);
      });
      expect(order.length).toBeGreaterThanOrEqual(Math.floor((seconds * 1000) / (workMs + 900)));
    }
  }, 90_000);

  it('by `replace` cancel the one that runs, wherever, and end with the newest', async () => {
    const runs = await runLoad('replace', 'replace');
    expectOneAtATime(runs);
    expect(reasonsOf(runs, 'skipped')).not.toContain('misfire');
    expect(runs.some(run => run.state === 'cancelled')).toBe(true);
    for (const job of jobsOf(runs)) {
      const newest = runs.filter(run => run.job === job).at(-1);
      expect(newest, job).toMatchObject({ state: 'succeeded' });
      expect(runs.filter(run => run.job === job && run.state === 'succeeded')).toHaveLength(1);
    }
    expect(new Set(runs.filter(run => run.startedAt !== null).map(run => run.hostId)).size).toBe(2);
  }, 90_000);
});

describe('a job that is paused while it runs', () => {
  it('lets the run end, starts none, and tells in GET /runs of each that was left out', async () => {
    await world.setNumber('pausing', 1);
    await world.api.must('PUT', '/api/v1/jobs/pausing', world.check('pausing', { overlap: 'allow' }));
    await eventually('runs are in flight', async () =>
      (await runsOf(world.database, 'pausing')).some(run => run.state === 'running' && run.startedAt !== null),
    );
    await world.client(b).must('POST', '/api/v1/jobs/pausing/pause', { note: 'deploying' });
    const pausedAt = Date.now();
    await eventually(
      'what ran has ended',
      async () => (await runsOf(world.database, 'pausing')).every(run => run.finishedAt !== null),
      20_000,
    );
    await sleep(Math.max(0, pausedAt + 8000 - Date.now()));
    const job = await world.api.must('GET', '/api/v1/jobs/pausing');
    expect(job['paused']).toMatchObject({ note: 'deploying', by: 'test', at: expect.any(String) });
    await world.api.must('POST', '/api/v1/jobs/pausing/resume');
    const resumedAt = Date.now();
    await eventually(
      'it runs again',
      async () => (await runsOf(world.database, 'pausing')).some(run => Number(run.startedAt) > resumedAt),
      20_000,
    );
    const all = await runsOf(world.database, 'pausing');
    const during = all.filter(run => Number(run.startedAt) > pausedAt + 500 && Number(run.startedAt) < resumedAt - 500);
    expect(during).toEqual([]);
    const items = await world.api.all('/api/v1/runs?job=pausing&state=skipped');
    const left = items.filter(item => item['reason'] === 'paused');
    expect(left.length).toBeGreaterThan(0);
    const counted = left.reduce((sum, item) => sum + (typeof item['count'] === 'number' ? item['count'] : 1), 0);
    const span = (resumedAt - pausedAt) / 1000;
    expect(Math.abs(counted - span)).toBeLessThanOrEqual(2);
    await world.api.must('POST', '/api/v1/jobs/pausing/pause', { note: 'done' });
  }, 60_000);
});
