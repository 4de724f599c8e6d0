import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jobModel } from '../../app/model/definition';
import type { RunDoc } from '../../app/model/run';
import { DefinitionRepository } from '../../app/repository/definitions';
import { type ApiAnswer, ApiClient } from '../support/apiClient';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { runsOf } from '../support/runRecords';

const world = new ClusterWorld(testDatabaseUrl());
const updatedSchema = z.object({ updatedAt: z.iso.datetime().transform(text => new Date(text)) });
const revisionSchema = z.object({ revision: z.number() });
const convergedSchema = z.object({ converged: z.object({ members: z.number(), converged: z.boolean() }) });
const clusterSchema = z.object({
  revision: z.number(),
  converged: z.boolean(),
  members: z.array(z.object({ state: z.string(), appliedRevision: z.number() })),
});

/** Agents and workers of two hosts. */
const allMembers = 6;
/** The poll of the revision (1 s), its work, and room for a busy machine. */
const seenByPollMs = 2500;

beforeAll(async () => {
  await world.prepare();
  await world.start('a', 'b');
  await world.defineNumbers();
  await world.setNumber('quiet', 1);
}, 90_000);

afterAll(() => world.close(), 60_000);

/** The client of host 0 or 1; a connection of its own for each request reaches any of its workers. */
function host(index: number): ApiClient {
  const found = world.hosts[index % 2];
  if (found === undefined) throw new Error('two hosts are needed');
  return world.client(found);
}

/** Due each second, `offsetMs` behind the full one: the offset tells by which schedule an occurrence is due. */
function due(offsetMs: number): Record<string, unknown> {
  return world.check('quiet', { schedule: { everyMs: 1000, anchorAt: new Date(offsetMs).toISOString() } });
}

/** Ids of the runs of a job that are recorded now. */
async function known(job: string): Promise<Set<string>> {
  return new Set((await runsOf(world.database, `${job}$`)).map(run => run._id));
}

async function newRuns(job: string, before: ReadonlySet<string>): Promise<RunDoc[]> {
  return (await runsOf(world.database, `${job}$`)).filter(run => !before.has(run._id));
}

const executed = (run: RunDoc) => run.state !== 'skipped';

/** Every live member has this revision in force. */
async function assertConverged(revision: number): Promise<void> {
  await eventually(
    `revision ${revision} is in force on every member`,
    async () => {
      const cluster = clusterSchema.parse(await host(1).must('GET', '/api/v1/cluster'));
      const live = cluster.members.filter(member => member.state === 'live');
      return cluster.converged && live.length === allMembers && live.every(one => one.appliedRevision >= revision);
    },
    seenByPollMs,
  );
}

describe('a schedule updated 50 times in a second through the workers of both hosts', () => {
  it('leaves the newest one, and no other, on both hosts', async () => {
    await host(0).must('PUT', '/api/v1/jobs/moved', due(990));
    await eventually('the first schedule runs', async () => (await runsOf(world.database, 'moved')).some(executed));
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await sleep(index * 18);
        return { offset: index * 18, answer: await host(index).put('/api/v1/jobs/moved', due(index * 18)) };
      }),
    );
    const tookMs = performance.now() - startedAt;
    expect(new Set(answers.map(({ answer }) => answer.status))).toEqual(new Set([200]));
    expect(tookMs).toBeLessThan(15_000);
    const newest = answers.reduce((best, one) => (revisionOf(one.answer) > revisionOf(best.answer) ? one : best));
    const newestAt = updatedAtOf(newest.answer);
    const atAnswer = await known('moved');
    await assertConverged(revisionOf(newest.answer));
    const atConverged = await known('moved');
    const later = await eventually(
      'both hosts run the newest schedule',
      async () => {
        const runs = (await newRuns('moved', atConverged)).filter(executed);
        return new Set(runs.map(run => run.hostId)).size === 2 && runs.length >= 5 && runs;
      },
      40_000,
    );
    const offsetsOf = (runs: RunDoc[]) => new Set(runs.map(run => run.scheduledAt.getTime() % 1000));
    expect(offsetsOf((await newRuns('moved', atAnswer)).filter(executed))).toEqual(new Set([newest.offset]));
    expect(offsetsOf(later)).toEqual(new Set([newest.offset]));
    const leftOut = (await newRuns('moved', atConverged)).filter(run => !executed(run));
    expect(leftOut.filter(run => run.reason !== 'changed' || run.scheduledAt > newestAt)).toEqual([]);
    const times = later.map(run => run.scheduledAt.getTime());
    expect(new Set(times).size).toBe(times.length);
    expect(Math.max(...times) - Math.min(...times)).toBe((times.length - 1) * 1000);
  }, 60_000);
});

function updatedAtOf({ body }: ApiAnswer): Date {
  return updatedSchema.parse(body).updatedAt;
}

function revisionOf({ body }: ApiAnswer): number {
  return revisionSchema.parse(body).revision;
}

describe('a job that is stopped', () => {
  const jobs = Array.from({ length: 50 }, (_, index) => `stop-${index}`);
  const stops: [string, (api: ApiClient, name: string) => Promise<unknown>][] = [
    ['paused', (api, name) => api.must('POST', `/api/v1/jobs/${name}/pause`)],
    ['disabled', (api, name) => api.must('PATCH', `/api/v1/jobs/${name}`, { enabled: false })],
    ['deleted', (api, name) => api.must('DELETE', `/api/v1/jobs/${name}`)],
  ];

  /** Four rounds of 50 jobs: 200 stops, each answered near the moment at which its job is due. */
  it('is never run by a claim made after the answer, 200 times, whichever host is asked', async () => {
    const kinds = new Map<string, number>();
    for (let round = 0; round < 4; round += 1) {
      await startAll();
      const stopped = await pooled(6, jobs, async (name, index) => {
        const [kind, stop] = stops[(index + round) % stops.length] ?? stops[0] ?? fail('no way to stop');
        await untilDue(index * 20 - Math.random() * 40);
        await stop(host(index + round), name);
        // What is not recorded when the answer has arrived was claimed after it.
        const recorded = await known(name);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        return { name, kind, recorded };
      });
      await sleep(2500);
      for (const { name, kind, recorded } of stopped) {
        const claimedLater = (await newRuns(name, recorded)).filter(executed);
        expect(claimedLater, `${name} was ${kind}`).toEqual([]);
      }
    }
    expect([...kinds.values()].reduce((sum, count) => sum + count, 0)).toBe(200);
    expect([...kinds.keys()].sort()).toEqual(['deleted', 'disabled', 'paused']);
  }, 150_000);

  /** Each has run on this start before it is stopped. */
  async function startAll(): Promise<void> {
    const startedAt = new Date();
    await pooled(4, jobs, async (name, index) => {
      await host(index).must('PUT', `/api/v1/jobs/${name}`, { ...due(index * 20), enabled: true });
      await host(index).must('POST', `/api/v1/jobs/${name}/resume`);
    });
    await eventually(
      'every job runs',
      async () => {
        const runs = (await runsOf(world.database, 'stop-')).filter(
          run => run.scheduledAt > startedAt && executed(run),
        );
        return new Set(runs.map(run => run.job)).size === jobs.length;
      },
      20_000,
    );
  }
});

/** Waits for the next moment that many ms behind a full second. */
async function untilDue(offsetMs: number): Promise<void> {
  const wait = (((offsetMs - Date.now()) % 1000) + 1000) % 1000;
  await sleep(wait);
}

/** Works on all with so many at a time. */
async function pooled<T, R>(
  size: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results.push(await work(next[1], next[0]));
    }
  };
  await Promise.all(Array.from({ length: size }, worker));
  return results;
}

function fail(message: string): never {
  throw new Error(message);
}

describe('a member', () => {
  /** Writes as another member does, and never says so by IPC. */
  const silent = new DefinitionRepository(world.database, 15_000);

  it('stays behind none of two writers whose transactions overlap', async () => {
    await host(0).must('PUT', '/api/v1/jobs/slow', due(100));
    await host(0).must('PUT', '/api/v1/jobs/quick', due(200));
    const slow = silent.write(async write => {
      const stored = await write.find(jobModel, 'slow');
      if (stored === null) throw new Error('no job');
      const spec = { ...stored.spec, schedule: { everyMs: 1000, anchorAt: new Date(600) } };
      await write.replace(jobModel, { ...stored, spec, revision: write.revision, plannedFromAt: write.now });
      // The other writer begins within this transaction, and would have the higher revision and commit first.
      await sleep(1000);
      return { commit: true, value: write.revision };
    });
    await sleep(300);
    const quick = revisionOf(await host(1).put('/api/v1/jobs/quick', due(700)));
    const first = await slow;
    expect(quick).toBeGreaterThan(first);
    await assertConverged(quick);
    await assertDueOnlyAt('slow', 600);
    await assertDueOnlyAt('quick', 700);
  }, 40_000);

  it('sees a delete of which no message came', async () => {
    await host(0).must('PUT', '/api/v1/jobs/gone', due(300));
    await eventually('it runs', async () => (await runsOf(world.database, 'gone')).some(executed));
    const revision = await silent.write(async write => {
      const stored = await write.find(jobModel, 'gone');
      if (stored === null) throw new Error('no job');
      const tombstone = { ...stored, deleted: true, spec: null, sources: [], channels: [], revision: write.revision };
      await write.replace(jobModel, tombstone);
      return { commit: true, value: write.revision };
    });
    await assertConverged(revision);
    const before = await known('gone');
    await sleep(3000);
    expect(await newRuns('gone', before)).toEqual([]);
  }, 30_000);

  it('has every write in force when ?wait=converged has answered', async () => {
    for (let index = 0; index < 10; index += 1) {
      const url = '/api/v1/jobs/waited?wait=converged&timeoutMs=5000';
      const { converged } = convergedSchema.parse(await host(index).must('PUT', url, due(index * 50)));
      expect(converged).toEqual(expect.objectContaining({ members: allMembers, converged: true }));
      const cluster = clusterSchema.parse(await host(index + 1).must('GET', '/api/v1/cluster'));
      expect(cluster.converged).toBe(true);
    }
    const url = '/api/v1/jobs/waited?wait=converged&timeoutMs=5000';
    expect(convergedSchema.parse(await host(0).must('DELETE', url)).converged.converged).toBe(true);
  }, 60_000);

  it('never finds a job without its source, when one writes the job while another deletes the source', async () => {
    for (let index = 0; index < 20; index += 1) {
      const source = `short-${index}`;
      await host(index).must('PUT', `/api/v1/sources/${source}`, world.numbersSource());
      const job = due(0);
      const check = { ...z.record(z.string(), z.unknown()).parse(job['check']), source };
      const [put, deleted] = await Promise.all([
        host(index).put(`/api/v1/jobs/reader-${index}`, { ...job, check }),
        host(index + 1).delete(`/api/v1/sources/${source}`),
      ]);
      expect([
        [201, 409],
        [422, 204],
      ]).toContainEqual([put.status, deleted.status]);
    }
    await assertConverged(clusterSchema.parse(await host(0).must('GET', '/api/v1/cluster')).revision);
  }, 60_000);

  it('refuses a token as soon as its revocation has answered, on every worker of both hosts', async () => {
    for (let index = 0; index < 10; index += 1) {
      const made = await host(index).must('POST', '/api/v1/tokens', { name: `short-${index}`, role: 'viewer' });
      const { id, token } = z.object({ id: z.string(), token: z.string() }).parse(made);
      const holders = world.hosts.map(one => new ApiClient(() => one.url, token));
      for (const holder of holders) expect((await holder.get('/api/v1/jobs')).status).toBe(200);
      await host(index + 1).must('DELETE', `/api/v1/tokens/${id}`);
      const answers = await Promise.all(holders.flatMap(holder => [1, 2, 3, 4].map(() => holder.get('/api/v1/jobs'))));
      expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([401]));
    }
  }, 60_000);

  async function assertDueOnlyAt(job: string, offsetMs: number): Promise<void> {
    const before = await known(job);
    await sleep(3000);
    const later = await newRuns(job, before);
    expect(later.length).toBeGreaterThanOrEqual(2);
    expect(new Set(later.map(run => run.scheduledAt.getTime() % 1000))).toEqual(new Set([offsetMs]));
  }
});
