import { beforeEach, describe, expect, it, vi } from 'vitest';
import { models } from '../../../app/model';
import type { Database } from '../../../app/repository/database';
import { Random } from '../../simulation/random';
import { expectAlike, inOrder, outcomeOf } from './alike';
import { messageSteps } from './messageSteps';
import { runSteps, type Step } from './runSteps';
import { useWorlds } from './worlds';

vi.mock('mongodb', async () => (await import('./eitherDriver')).eitherDriver());

const [mongod, model] = useWorlds();
const stepsEach = 100;
type Draw = (random: Random, standing: Database) => Promise<Record<string, Step>>;

beforeEach(async () => {
  for (const { database } of [mongod, model]) {
    for (const { collection } of models) await database.db.collection(collection).deleteMany({});
  }
});

/** Everything that is stored. */
async function contents({ db }: Database) {
  const all = models.map(async ({ collection }) => [
    collection,
    inOrder(await db.collection(collection).find({}).toArray()),
  ]);
  return Object.fromEntries(await Promise.all(all));
}

/** The same calls of the repositories to both, drawn from the seed: every answer and all that is stored are the same. */
async function walk(seed: number, draw: Draw): Promise<Map<string, number>> {
  const random = new Random(seed);
  const taken = new Map<string, number>();
  for (let step = 1; step <= stepsEach; step += 1) {
    const possible = await draw(random.fork(), model.database);
    const [name, run] = random.pick(Object.entries(possible));
    const of = await outcomeOf(() => run(model.database));
    const by = await outcomeOf(() => run(mongod.database));
    expectAlike(of, by, `seed ${seed}, step ${step}: ${name}`);
    taken.set(name, (taken.get(name) ?? 0) + 1);
    if (step % 10 === 0 || step === stepsEach) {
      expectAlike(await contents(model.database), await contents(mongod.database), `seed ${seed}, after step ${step}`);
    }
  }
  return taken;
}

describe('repositories called in any order answer and store the same over the model as over mongod', () => {
  it.each([1, 2, 3])('runs, their owners and their settlements, seed %i', async seed => {
    const taken = await walk(seed, runSteps);
    expect(taken.size).toBeGreaterThan(15);
  });

  it.each([1, 2, 3])('alerts, messages and mutes, seed %i', async seed => {
    const taken = await walk(seed, messageSteps);
    expect(taken.size).toBeGreaterThan(15);
  });
});
