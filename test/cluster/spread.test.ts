import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunDoc, runModel } from '../../app/model/run';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { namespace, Passage } from '../support/namespaces';
import { runsOf } from '../support/runRecords';

const jobs = 200;
const seconds = 30;
const world = new ClusterWorld(testDatabaseUrl());
const closers: (() => Promise<void> | void)[] = [];

/** A host in a network of its own, where this machine allows it: it reaches MongoDB and nothing else of the other. */
async function startHost(name: string, index: number): Promise<void> {
  const own = namespace(index);
  if (own === null) {
    await world.host(name).start();
    return;
  }
  const url = new URL(world.mongodbUrl.replace(/^mongodb:/, 'http:'));
  const passage = await new Passage(own.gateway, Number(url.port)).start();
  closers.push(
    () => passage.stop(),
    () => own.remove(),
  );
  url.host = `${own.gateway}:${passage.port}`;
  url.search = '?directConnection=true';
  const mongodbUrl = url.toString().replace(/^http:/, 'mongodb:');
  await world.host(name, { mongodbUrl, prefix: own.prefix, address: own.address }).start();
}

beforeAll(async () => {
  await world.prepare();
  await Promise.all(['a', 'b'].map(startHost));
  await world.defineNumbers();
  await world.setNumber('load', 1);
}, 90_000);

afterAll(async () => {
  try {
    await world.close();
  } finally {
    for (const close of closers) await close();
  }
}, 60_000);

/** Defines the jobs, then waits until 30 seconds of theirs are over; answers from when to when. */
async function pass30Seconds(): Promise<{ from: number; to: number }> {
  for (let index = 0; index < jobs; index += 1) {
    await world.api.must('PUT', `/api/v1/jobs/load-${index}`, world.check('load', { overlap: 'allow' }));
  }
  const from = Math.ceil(Date.now() / 1000) * 1000 + 1000;
  const to = from + seconds * 1000;
  await sleep(to - Date.now());
  return { from, to };
}

/** Asked again and again while the hosts work on the same cores: nothing is read that is not needed. */
async function countEnded(from: number, to: number): Promise<number> {
  const scheduledAt = { $gte: new Date(from), $lt: new Date(to) };
  return await world.database.collection(runModel).countDocuments({ scheduledAt, finishedAt: { $ne: null } });
}

describe('two hosts with two workers each', () => {
  let window = { from: 0, to: 0 };

  it('run 200 jobs a second for 30 s: each occurrence once, none missed, by every worker', async () => {
    window = await pass30Seconds();
    const { from, to } = window;
    await eventually('6,000 runs have ended', async () => (await countEnded(from, to)) >= jobs * seconds, 60_000);
    const inTime = (run: RunDoc) => run.scheduledAt.getTime() >= from && run.scheduledAt.getTime() < to;
    const ended = (await runsOf(world.database, 'load-')).filter(inTime);
    expect(ended).toHaveLength(jobs * seconds);
    expect(new Set(ended.map(run => run.state))).toEqual(new Set(['succeeded']));
    expect(new Set(ended.map(run => run.fence))).toEqual(new Set([1]));
    expect(new Set(ended.map(run => run.hostId)).size).toBe(2);
    expect(new Set(ended.map(run => run.member)).size).toBe(4);
  }, 240_000);

  it('tell of each run in GET /runs, whichever host is asked', async () => {
    const [from, to] = [new Date(window.from).toISOString(), new Date(window.to).toISOString()];
    for (const host of world.hosts) {
      const items = await world.client(host).all(`/api/v1/runs?job=load-7&from=${from}&to=${to}`);
      expect(items).toHaveLength(seconds);
      for (const item of items) {
        expect(item).toMatchObject({ job: 'load-7', trigger: 'schedule', state: 'succeeded', attempt: 1, fence: 1 });
      }
    }
  });
});
