import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunDoc } from '../../app/model/run';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { runsOf } from '../support/runRecords';

const periodMs = 2000;
/** Three leases of these hosts: so long is waited for the host of a lost run. */
const strandedMs = 9000;
const lease = { WATCHBELL_LEASE_MS: '3000', WATCHBELL_RENEW_MS: '500', WATCHBELL_RENEWAL_LIMIT_MS: '1000' };
const world = new ClusterWorld(testDatabaseUrl());
let hosts: Host[];
let lostAt = 0;

const hostOf = (zone: string) => (labels: string) =>
  world.host(zone, { workers: 1, env: { ...lease, WATCHBELL_DRILL: '1', WATCHBELL_HOST_LABELS: labels } });
const idOf = (index: number) => hosts[index]?.options.hostId ?? '';
const everyHost = (hostLabels = {}) => ({ placement: { on: 'every-host', hostLabels }, misfire: 'skip' });
const put = (name: string, over: Record<string, unknown>) =>
  world.api.must('PUT', `/api/v1/jobs/${name}`, world.check('n', { schedule: { everyMs: periodMs }, ...over }));

beforeAll(async () => {
  await world.prepare();
  hosts = [hostOf('a')('zone=eu'), hostOf('b')('zone=eu,disk=ssd'), hostOf('c')('zone=us')];
  await Promise.all(hosts.map(host => host.start()));
  await world.defineNumbers();
  await world.setNumber('n', 200);
  await put('all', everyHost());
  await put('europe', everyHost({ zone: 'eu' }));
  await put('one-us', { placement: { on: 'one', hostLabels: { zone: 'us' } } });
  const slow = { kind: 'drill', schedule: { at: '2099-01-01T00:00:00Z' }, drill: { url: null, workMs: 25_000 } };
  await world.api.must('PUT', '/api/v1/jobs/slow', { ...slow, ...everyHost(), timeoutMs: 60_000 });
}, 90_000);

afterAll(() => world.close(), 60_000);

const ran = (runs: readonly RunDoc[]) => runs.filter(run => run.state === 'succeeded');
const of = (job: string, hostId?: string) =>
  runsOf(world.database, `${job}$`).then(runs => runs.filter(run => hostId === undefined || run.hostId === hostId));
const times = (runs: readonly RunDoc[]) => runs.map(run => run.scheduledAt.getTime());

describe('three hosts', () => {
  it('run each occurrence once each, where their labels let them', async () => {
    await eventually(
      'each has run several',
      async () => {
        const counts = await Promise.all([0, 1, 2].map(async index => ran(await of('all', idOf(index))).length));
        return Math.min(...counts, ran(await of('europe', idOf(1))).length, ran(await of('one-us')).length) >= 3;
      },
      30_000,
    );
    const all = await of('all');
    for (const at of new Set(times(all).slice(0, 6))) {
      const hostIds = all.filter(run => run.scheduledAt.getTime() === at).map(run => run.hostId);
      expect(hostIds.sort()).toEqual([idOf(0), idOf(1), idOf(2)].sort());
    }
    expect(all.every(run => run._id.endsWith(`Z~${run.hostId}`))).toBe(true);
    expect(new Set((await of('europe')).map(run => run.hostId))).toEqual(new Set([idOf(0), idOf(1)]));
    expect(new Set((await of('one-us')).map(run => run.hostId))).toEqual(new Set([idOf(2)]));
  });

  it('are told apart by the API: their labels, who may run a job, the runs and alerts of each', async () => {
    const members = z.object({
      members: z.array(z.object({ hostId: z.string(), hostLabels: z.record(z.string(), z.string()) })),
    });
    const cluster = members.parse(await world.api.must('GET', '/api/v1/cluster'));
    expect(cluster.members.find(({ hostId }) => hostId === idOf(1))?.hostLabels).toEqual({ zone: 'eu', disk: 'ssd' });
    expect(await world.api.must('GET', '/api/v1/jobs/europe')).toMatchObject({ liveHosts: [idOf(0), idOf(1)].sort() });
    const nobody = { placement: { on: 'one', hostLabels: { zone: 'moon' } } };
    const answer = await world.api.must('PUT', '/api/v1/jobs/nobody', world.check('n', nobody));
    expect(answer).toMatchObject({ liveHosts: [] });
    await world.api.must('DELETE', '/api/v1/jobs/nobody');
    const items = z.object({ items: z.array(z.looseObject({ hostId: z.string() })) });
    const runs = items.parse(await world.api.must('GET', `/api/v1/runs?job=all&hostId=${idOf(1)}`));
    expect(new Set(runs.items.map(({ hostId }) => hostId))).toEqual(new Set([idOf(1)]));
    const alerts = z.object({
      items: z.array(z.looseObject({ state: z.string(), series: z.record(z.string(), z.string()) })),
    });
    const open = alerts.parse(await world.api.must('GET', '/api/v1/alerts?job=all')).items;
    expect(open.map(({ state, series }) => [state, series['host']]).sort()).toEqual(
      [0, 1, 2].map(index => ['firing', idOf(index)]).sort(),
    );
  });
});

describe('a host that is killed', () => {
  it('is not stood in for: what it ran ends as lost, and what it did not run waits for it', async () => {
    await world.api.must('POST', `/api/v1/jobs/slow/run?hostId=${idOf(2)}`);
    await eventually('it runs on c', async () => (await of('slow'))[0]?.startedAt, 10_000);
    await hosts[2]?.crash();
    lostAt = Date.now();
    const [run] = await eventually(
      'its run has ended',
      async () => {
        const runs = await of('slow');
        return runs.every(one => one.finishedAt !== null) && runs;
      },
      strandedMs + 15_000,
    );
    expect(run).toMatchObject({ state: 'lost', hostId: idOf(2), error: { code: 'hostLost' } });
    expect(Date.now() - lostAt).toBeGreaterThan(strandedMs);
    expect(times(await of('all', idOf(2))).filter(at => at > lostAt)).toEqual([]);
    expect(ran(await of('one-us')).filter(one => Number(one.scheduledAt) > lostAt + periodMs)).toEqual([]);
  }, 40_000);

  it('decides by the misfire policy of each job when it is back, and its alert has stayed as it was', async () => {
    const graceMs = 15_000;
    await eventually('some are past their grace', () => Date.now() > lostAt + graceMs + 2 * periodMs, 30_000);
    const backAt = Date.now();
    await hosts[2]?.start();
    const mine = await eventually(
      'every occurrence up to the return has a record that has ended',
      async () => {
        const runs = (await of('all', idOf(2))).filter(run => Number(run.scheduledAt) > lostAt);
        const upTo = runs.filter(run => Number(run.scheduledAt) <= backAt);
        const count = upTo.reduce((sum, run) => sum + (run.count ?? 1), 0);
        return count >= Math.floor((backAt - lostAt) / periodMs) && upTo.every(run => run.finishedAt !== null) && upTo;
      },
      40_000,
    );
    const missed = mine.filter(run => run.reason === 'misfire');
    expect(missed.length).toBeGreaterThan(0);
    expect(missed.every(run => Number(run.scheduledAt) <= Date.now() - graceMs)).toBe(true);
    expect(mine.filter(run => run.reason === null).map(run => run.state)).not.toContain('lost');
    expect((await of('all', idOf(0))).filter(run => run.reason === 'misfire')).toEqual([]);
    const waited = (await of('one-us')).filter(run => run.error?.code === 'noHost');
    expect(waited.length).toBeGreaterThan(0);
    const items = z.object({ items: z.array(z.looseObject({ state: z.string() })) });
    const open = items.parse(await world.api.must('GET', '/api/v1/alerts?job=all')).items;
    expect(open.map(({ state }) => state)).toEqual(['firing', 'firing', 'firing']);
  }, 90_000);
});
