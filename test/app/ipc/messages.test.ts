import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import mock from 'egg-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenService } from '../../../app/service/tokens';
import { testSecretKey } from '../../support/cluster';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { runsOf } from '../../support/runRecords';

const { database, url } = useDatabase();
const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-ipc-'));
const root = path.resolve(__dirname, '../../..');
const environment: Record<string, string> = {
  EGG_TYPESCRIPT: 'true',
  EGG_SERVER_ENV: 'unittest',
  MONGODB_URL: url,
  WATCHBELL_SECRET_KEY: testSecretKey,
  WATCHBELL_DATA_DIR: folder,
  WATCHBELL_HOST_ID: 'ipc-test',
  // Neither the poll nor the change stream of another host is to do what the messages do.
  WATCHBELL_POLL_MS: '30000',
};
const before = { ...process.env };
let app: ReturnType<typeof mock.app>;
let token = '';

/**
 * Plays the master: what agent and worker say comes back to this process, where both listen. Without it their messages
 * would go to the test runner, whose child this process is.
 */
const toRunner = process.send;
function playMaster(message: unknown, ...rest: unknown[]): boolean {
  const isEgg = typeof message === 'object' && message !== null && 'action' in message;
  if (isEgg) setImmediate(() => process.emit('message', message, undefined));
  else if (toRunner !== undefined) Reflect.apply(toRunner, process, [message, ...rest]);
  return true;
}

/** The real agent.ts and app.ts in one process: their messages go through Egg's messenger both ways. */
beforeAll(async () => {
  Object.assign(process.env, environment);
  process.send = playMaster;
  const admin = { name: 'test', role: 'admin' as const, scopes: [], jobs: [], expiresAt: null };
  app = mock.app({ baseDir: root, cache: false, coverage: false });
  await app.ready();
  playMaster({ action: 'egg-pids', data: [process.pid] });
  token = (await new TokenService(database).create(admin, 'test')).token;
}, 60_000);

afterAll(async () => {
  await app.close();
  process.send = toRunner;
  process.env = before;
  rmSync(folder, { recursive: true, force: true });
});

const call = (method: 'put' | 'get', at: string) =>
  app.httpRequest()[method](at).set('Authorization', `Bearer ${token}`);

describe('the messages between agent and worker', () => {
  it('tell the agent of a new job at once, and the worker of its occurrences', async () => {
    const source = { kind: 'clickhouse', url: 'http://127.0.0.1:9', user: 'x', password: 'y' };
    await call('put', '/api/v1/sources/log').send(source).expect(201);
    const check = { source: 'log', query: 'SELECT 1 AS value', rule: { op: '>', threshold: 1 } };
    const job = {
      kind: 'check',
      title: 'tick',
      schedule: { everyMs: 1000 },
      retry: { limit: 0 },
      check,
      notify: { channels: [] },
    };
    await call('put', '/api/v1/jobs/tick?wait=converged').send(job).expect(201);
    await eventually('an occurrence is run', async () =>
      (await runsOf(database, 'tick')).some(run => run.startedAt !== null),
    );
  });

  it('bring the figures of agent and worker together for one scrape', async () => {
    const { text } = await call('get', '/metrics').expect(200);
    expect(text).toMatch(/^watchbell_fires_total [1-9]/m);
    expect(text).toMatch(/^watchbell_timekeeper_jobs 1$/m);
    expect(text).toMatch(/^watchbell_claims_won_total [1-9]/m);
  });

  it('tell the agent of a change at once: the schedule that it replaces is not announced again', async () => {
    const schedule = { everyMs: 3_600_000 };
    await call('get', '/api/v1/jobs/tick').expect(200);
    await app
      .httpRequest()
      .patch('/api/v1/jobs/tick?wait=converged')
      .set('Authorization', `Bearer ${token}`)
      .send({ schedule })
      .expect(200);
    const count = (await runsOf(database, 'tick')).length;
    await new Promise(resolve => setTimeout(resolve, 2500));
    expect((await runsOf(database, 'tick')).length).toBe(count);
  });
});
