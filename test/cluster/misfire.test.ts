import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDoc } from '../../app/model/run';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { wrongClock } from '../support/faketime';
import { OwnMongod } from '../support/ownMongod';
import { runsOf } from '../support/runRecords';

const periodMs = 10_000;
/** By default, what a settlement leaves beyond it, and how long a record is kept. */
const graceMs = 15_000;
const marginMs = 500;
const retentionMs = 30 * 86_400_000;
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
      expectPolicy(misfire, all);
    }
  }, 180_000);
});

/** When the record came to be, whoever has the run since: its end of life is counted from there. */
const madeAt = (run: RunDoc) => Number(run.expireAt) - retentionMs;
/** Between a fresh claim, which graceMs allows, and one by a decision about what is past it. */
const pastGraceMs = graceMs + marginMs / 2;

/**
 * What was past its grace when its record was made was let run by a decision: by each so many of the newest as the policy says.
 * What was still in its grace at the first one, and not begun in time, is decided by another.
 */
function expectPolicy(misfire: (typeof policies)[number], runs: readonly RunDoc[]): void {
  // Of those that are still within the grace, one runs at a time.
  const skipped = runs.filter(run => run.state === 'skipped' && run.reason !== 'overlap');
  expect(new Set(skipped.map(run => run.reason))).toEqual(new Set(['misfire']));
  expect(skipped.some(run => (run.count ?? 1) > 15)).toBe(true);
  const late = runs.filter(run => run.startedAt !== null && madeAt(run) - Number(run.scheduledAt) > pastGraceMs);
  const [first, ...others] = [...new Set(late.map(madeAt))]
    .sort((x, y) => x - y)
    .map(decidedAt => ({ decidedAt, times: ranAt(late.filter(run => madeAt(run) === decidedAt)) }));
  const made = { skip: 0, last: 1, all: 4 }[misfire];
  expect(first?.times.length ?? 0, misfire).toBe(made);
  if (first === undefined) return;
  const newest = Math.max(...first.times);
  expect(newest, misfire).toBeGreaterThan(first.decidedAt - graceMs - marginMs - periodMs);
  expect(first.times.sort((x, y) => x - y)).toEqual(
    first.times.map((_, index) => newest - (made - 1 - index) * periodMs),
  );
  for (const { times } of others) {
    expect(times.length, misfire).toBeLessThanOrEqual(made);
    expect(Math.min(...times), misfire).toBeGreaterThan(newest);
  }
  const order = late.sort((x, y) => Number(x.startedAt) - Number(y.startedAt)).map(run => Number(run.scheduledAt));
  expect(order).toEqual([...order].sort((x, y) => x - y));
}
