import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject } from '../../app/domain/mergePatch';
import { useClickHouse } from '../support/clickhouse';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';

const server = useClickHouse();
const world = new ClusterWorld(testDatabaseUrl());
let a: Host;
let b: Host;

beforeAll(async () => {
  await world.prepare();
  [a, b] = [world.host('a'), world.host('b')];
  await Promise.all([a.start(), b.start()]);
  const source = {
    kind: 'clickhouse',
    url: server().url,
    user: 'default',
    password: server().password,
    timeoutMs: 60_000,
  };
  await world.api.must('PUT', '/api/v1/sources/slow', source);
}, 90_000);

afterAll(async () => {
  await world.close();
}, 60_000);

const rule = { op: '>', threshold: 100, noData: 'ok' };
/** Work without an end in ClickHouse, marked so that it is found among the server's processes. */
const longQuery = (mark: string) => `SELECT '${mark}' AS mark, sum(number) AS value FROM system.numbers`;

function check(query: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    kind: 'check',
    schedule: { at: '2099-01-01T00:00:00Z' },
    check: { source: 'slow', query, rule },
    timeoutMs: 50_000,
    retry: { limit: 0 },
    ...over,
  };
}

/** How many queries with this mark ClickHouse is executing now. */
async function executing(mark: string): Promise<number> {
  const answer = await server().sql(
    `SELECT count() FROM system.processes WHERE position(query, '${mark}') > 0 AND position(query, 'system.processes') = 0`,
  );
  return Number(answer);
}

async function runNow(job: string, body: Record<string, unknown>): Promise<string> {
  await world.api.must('PUT', `/api/v1/jobs/${job}`, body);
  const { runId } = await world.api.must('POST', `/api/v1/jobs/${job}/run`);
  return String(runId);
}

const runOf = (id: string) => world.api.must('GET', `/api/v1/runs/${encodeURIComponent(id)}`);

async function ended(id: string, timeoutMs = 30_000): Promise<Record<string, unknown>> {
  return await eventually(
    `${id} has ended`,
    async () => {
      const run = await runOf(id);
      return run['finishedAt'] !== null && run;
    },
    timeoutMs,
  );
}

describe('a run', () => {
  it('is cancelled through the other host, and its query ends on the ClickHouse server', async () => {
    const id = await runNow('cancelled', check(longQuery('mark-cancel')));
    await eventually('ClickHouse executes the query', async () => (await executing('mark-cancel')) === 1, 20_000);
    const { hostId } = await runOf(id);
    const other = hostId === a.options.hostId ? b : a;
    const askedAt = Date.now();
    const answer = await world.client(other).post(`/api/v1/runs/${encodeURIComponent(id)}/cancel`);
    expect(answer.status).toBe(202);
    await eventually('ClickHouse has ended the query', async () => (await executing('mark-cancel')) === 0, 10_000);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'cancelled', cancelRequestedAt: expect.any(String), attempt: 1 });
    expect(Date.now() - askedAt).toBeLessThan(10_000);
    const again = await world.api.post(`/api/v1/runs/${encodeURIComponent(id)}/cancel`);
    expect(again.status).toBe(409);
  }, 60_000);

  it('past its time limit ends its work, not only its record', async () => {
    const id = await runNow('timed-out', check(longQuery('mark-timeout'), { timeoutMs: 3000 }));
    await eventually('ClickHouse executes the query', async () => (await executing('mark-timeout')) === 1, 20_000);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'timedOut', error: { code: 'timeout' } });
    await eventually('ClickHouse has ended the query', async () => (await executing('mark-timeout')) === 0, 5000);
  }, 60_000);

  it('that fails is tried again after its backoff, and GET /runs counts the attempts', async () => {
    const failing = check('SELECT throwIf(1) AS value', { retry: { limit: 2, backoffMs: 600, factor: 2 } });
    const id = await runNow('failing', failing);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'failed', attempt: 3, fence: 3 });
    expect(isJsonObject(run['error']) && String(run['error']['message']).length > 0).toBe(true);
    const waited = Date.parse(String(run['startedAt'])) - Date.parse(String(run['claimedAt']));
    expect(waited).toBeGreaterThanOrEqual(600 + 1200);
  }, 60_000);
});
