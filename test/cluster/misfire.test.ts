import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDoc } from '../../app/model/run';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { wrongClock } from '../support/faketime';
import { OwnMongod } from '../support/ownMongod';
import { runsOf } from '../support/runRecords';

const periodMs = 10_000;
const downMs = 300_000;
const policies = ['skip', 'last', 'all'] as const;
let mongod: OwnMongod;
let world: ClusterWorld;

beforeAll(async () => {
  mongod = await OwnMongod.start();
  world = await new ClusterWorld(mongod.url).prepare();
  await world.start('a');
  await world.defineNumbers();
  await world.setNumber('down', 1);
  for (const misfire of policies) {
    const over = { misfire, misfireLimit: 4, overlap: 'skip', schedule: { everyMs: periodMs } };
    await world.api.must('PUT', `/api/v1/jobs/down-${misfire}`, world.check('down', over));
  }
}, 90_000);

afterAll(async () => {
  await world?.close();
  await mongod?.stop();
}, 60_000);

const ranAt = (runs: readonly RunDoc[]) =>
  runs.filter(run => run.startedAt !== null).map(run => Number(run.scheduledAt));
const countOf = (runs: readonly RunDoc[]) => runs.reduce((sum, run) => sum + (run.count ?? 1), 0);

/** Every machine's clock, MongoDB's too, is `downMs` on when the host comes back. */
async function comeBackLater(): Promise<void> {
  const [host] = world.hosts;
  await host?.stop();
  const later = wrongClock(`+${downMs / 1000}s`);
  await mongod.node.restart(later);
  await world.host('later', { env: later }).start();
}

describe('a host that was down for five minutes', () => {
  const before = new Map<string, number>();

  it('decides what was missed by each job’s misfire policy, and tells of every occurrence', async () => {
    await eventually(
      'each job has run',
      async () => {
        for (const misfire of policies) {
          before.set(misfire, Math.max(...ranAt(await runsOf(world.database, `down-${misfire}`))));
        }
        return [...before.values()].every(at => at > 0);
      },
      40_000,
    );
    await comeBackLater();
    const back = Date.now() + downMs;
    for (const misfire of policies) {
      const last = before.get(misfire) ?? 0;
      const due = (at: number) => Math.floor((at - last) / periodMs);
      const all = await eventually(
        `${misfire}: every occurrence up to the return has a record that has ended`,
        async () => {
          const runs = (await runsOf(world.database, `down-${misfire}`)).filter(run => Number(run.scheduledAt) > last);
          const upTo = runs.filter(run => Number(run.scheduledAt) <= back);
          return countOf(upTo) >= due(back) && upTo.every(run => run.finishedAt !== null) && upTo;
        },
        60_000,
      );
      expect(countOf(all), misfire).toBe(due(back));
      expectPolicy(misfire, all, back);
    }
  }, 180_000);
});

/** What is younger than graceMs runs in any case; of what is older, the newest so many of the policy. */
function expectPolicy(misfire: (typeof policies)[number], runs: readonly RunDoc[], back: number): void {
  // Of those that are still within the grace, one runs at a time.
  const skipped = runs.filter(run => run.state === 'skipped' && run.reason !== 'overlap');
  expect(new Set(skipped.map(run => run.reason))).toEqual(new Set(['misfire']));
  const late = ranAt(runs).filter(at => at < back - 15_000 - periodMs);
  const made = { skip: 0, last: 1, all: 4 }[misfire];
  expect(late.length, `${misfire}: ${late.map(at => new Date(at).toISOString())}`).toBeLessThanOrEqual(made);
  expect(late.length).toBeGreaterThanOrEqual(Math.max(made - 1, 0));
  expect(skipped.some(run => (run.count ?? 1) > 15)).toBe(true);
  if (misfire !== 'all') return;
  const order = runs.filter(run => run.startedAt !== null).sort((x, y) => Number(x.startedAt) - Number(y.startedAt));
  const caughtUp = order.filter(run => late.includes(Number(run.scheduledAt))).map(run => Number(run.scheduledAt));
  expect(caughtUp).toEqual([...caughtUp].sort((x, y) => x - y));
}
