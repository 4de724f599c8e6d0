import { afterAll, expect, it } from 'vitest';
import type { RunHint } from '../../../../app/ipc/messages';
import { settlementModel } from '../../../../app/model/settlement';
import { Runs } from '../../../../app/repository/runs';
import { waitedBehind } from '../../../support/causality';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { profiledDuring } from '../../../support/profiler';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');

afterAll(() => world.close());

/** The kinds of operations on each of these collections that MongoDB has answered while the work was done. */
async function operations(work: () => Promise<unknown>): Promise<string[]> {
  const profiled = await profiledDuring(database, work);
  const names = ['runs', 'jobs', 'settlements'].map(name => `${database.db.databaseName}.${name}`);
  return profiled.filter(({ ns }) => names.includes(ns)).map(({ op, ns }) => `${op} ${String(ns).split('.')[1]}`);
}

it('claims and starts many plain jobs with one write for all, one look at what they are now, and one write more', async () => {
  const { service } = await world.worker('a', { maxRuns: 1000 });
  const names = Array.from({ length: 400 }, (_, index) => `job-${index}`);
  const hints: RunHint[] = [];
  for (const name of names) hints.push((await world.define(jobOf({ name })))(at));
  const settled = { until: new Date(0), expireAt: new Date(Date.now() + 86_400_000) };
  await database.collection(settlementModel).insertMany(names.map(name => ({ _id: name, ...settled })));
  world.behaviour.workMs = 60_000;
  const executed = await operations(async () => {
    service.accept(hints);
    await eventually('all are executed', () => world.executed.length === names.length);
  });
  const [insert, ...rest] = executed.filter((one, index, all) => one !== all[index - 1]);
  expect(insert).toBe('insert runs');
  expect(rest.sort()).toEqual(['query jobs', 'query settlements', 'update runs']);
});

it('reads the definition behind the claim: a pause that was answered before it binds', async () => {
  const job = jobOf({ name: 'paused-in-time' });
  const hint = (await world.define(job))(at);
  class PausedFirst extends Runs {
    override async claim(...given: Parameters<Runs['claim']>) {
      await world.define({ ...job, paused: { note: 'night', by: 'ops', at } });
      return await super.claim(...given);
    }
  }
  const { service } = await world.worker('b', { runs: new PausedFirst(database, 30) });
  service.accept([hint]);
  expect(await world.ended(job.name)).toMatchObject([{ state: 'skipped', reason: 'paused' }]);
  expect(world.executedOf(job.name)).toEqual([]);
});

it('asks for the definition in the session of the claim: whoever is the primary by then has to have seen the claim', async () => {
  world.behaviour.workMs = 0;
  const job = jobOf({ name: 'in-session' });
  const hint = (await world.define(job))(at);
  const { service } = await world.worker('c');
  const waited = await waitedBehind(database, { op: 'insert', collection: 'runs' }, async () => {
    service.accept([hint]);
    await world.ended(job.name);
  });
  expect(waited).toMatchObject({ counters: true, jobs: true, settlements: true });
});
