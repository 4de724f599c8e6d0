import { mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, statusEmbedded } from '@watchbell/mongod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { installationOf } from '../../tools/server/installation';
import { serverProcesses } from '../../tools/server/processes';
import { command } from '../support/command';
import { eventually } from '../support/eventually';

const dataDir = mkdtempSync(path.join(tmpdir(), 'wb-e2e-'));
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(WATCHBELL_(?!MONGOD|CACHE)|MONGODB_URL|NODE_OPTIONS)/.test(name),
  );
  env = {
    ...Object.fromEntries(own),
    WATCHBELL_DATA_DIR: dataDir,
    WATCHBELL_PORT: String(await freePort()),
    WATCHBELL_WORKERS: '2',
    WATCHBELL_LISTEN: '127.0.0.1',
  };
});

afterAll(async () => {
  await command(['stop'], env);
  rmSync(dataDir, { recursive: true, force: true });
});

function origin(): string {
  return `http://127.0.0.1:${env['WATCHBELL_PORT']}`;
}

async function statusOf(token: string, url = '/api/v1/cluster'): Promise<number> {
  return (await fetch(origin() + url, { headers: { Authorization: `Bearer ${token}` } })).status;
}

async function expectNothingLeft(): Promise<void> {
  expect(await serverProcesses(installationOf(env))).toEqual([]);
  expect(await statusEmbedded(dataDir)).toMatchObject({ running: false });
}

function tokenIn(output: string): string {
  return /wb_[\w-]{20,}/.exec(output)?.[0] ?? '';
}

describe('npm start, status, token and stop', () => {
  let admin = '';

  it('starts the server and its database, and shows the admin token of the first start', async () => {
    const started = await command(['start'], env);
    expect(started, started.output).toMatchObject({ code: 0 });
    expect(started.output).toContain(`Watchbell is running at ${origin()}`);
    expect(started.output).toContain(`Data folder  ${dataDir}`);
    admin = tokenIn(started.output);
    expect(await statusOf(admin)).toBe(200);
    expect((await fetch(`${origin()}/readyz`)).status).toBe(200);
    expect(statSync(path.join(dataDir, 'secret.key')).mode & 0o777).toBe(0o600);
    const processes = await serverProcesses(installationOf(env));
    expect(processes.map(one => one.role).sort()).toEqual(['agent', 'master', 'worker', 'worker']);
  }, 120_000);

  it('says at a second start that it is running, and shows no token', async () => {
    const again = await command(['start'], env);
    expect(again).toMatchObject({ code: 0 });
    expect(again.output).toContain('is running already');
    expect(again.output).not.toContain('wb_');
  });

  it('tells what runs', async () => {
    const status = await command(['status'], env);
    expect(status).toMatchObject({ code: 0 });
    expect(status.output).toMatch(/Server +ready/);
    expect(status.output).toMatch(/MongoDB +embedded, pid \d+/);
  });

  it('makes, lists and revokes tokens beside the running server', async () => {
    const made = await command(['token', 'create', '--role', 'viewer', '--name', 'wallboard'], env);
    const viewer = tokenIn(made.output);
    expect(await statusOf(viewer)).toBe(200);
    expect(await statusOf(viewer, '/api/v1/tokens')).toBe(403);
    const listed = await command(['token', 'list'], env);
    expect(listed.output).toContain('"wallboard"');
    expect(listed.output).not.toContain(viewer);
    const id = /Token (\w+)/.exec(made.output)?.[1] ?? '';
    expect(await command(['token', 'revoke', id], env)).toMatchObject({ code: 0 });
    expect(await statusOf(viewer)).toBe(401);
  });

  it.each([
    [['token', 'create'], /--role takes viewer, operator, admin/],
    [['token', 'create', '--role', 'root'], /--role takes viewer, operator, admin/],
    [['token', 'create', '--role', 'viewer', '--expires', 'soon'], /--expires takes a span/],
    [['token'], /Usage:/],
  ])('explains itself at %j', async (args, words) => {
    const refused = await command(args, env);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toMatch(words);
    expect(refused.output).not.toMatch(/^\s+at /m);
  });

  it('shows the logs', async () => {
    const logs = await command(['logs', '--no-follow', '--lines', '5'], env);
    expect(logs).toMatchObject({ code: 0 });
    expect(logs.output).toMatch(/watchbell\.log/);
  });

  it('ends every process in under 8 s, the agent too', async () => {
    const stopped = await command(['stop'], env);
    expect(stopped, stopped.output).toMatchObject({ code: 0 });
    expect(stopped.tookMs).toBeLessThan(8000);
    await expectNothingLeft();
    expect(await command(['status'], env)).toMatchObject({ code: 3 });
    expect((await command(['stop'], env)).output).toContain('did not run');
  });

  it('starts again after kill -9 of the master, with what was there and no new token', async () => {
    await command(['start'], env);
    const master = (await serverProcesses(installationOf(env))).find(one => one.role === 'master');
    process.kill(master?.pid ?? 0, 'SIGKILL');
    await eventually('the master is gone', async () =>
      (await serverProcesses(installationOf(env))).every(one => one.role !== 'master'),
    );
    const again = await command(['start'], env);
    expect(again, again.output).toMatchObject({ code: 0 });
    expect(again.output).toContain('Watchbell is running at');
    expect(again.output).not.toContain('wb_');
    expect(await statusOf(admin)).toBe(200);
    await command(['stop'], env);
    await expectNothingLeft();
  }, 120_000);
});

describe('npm start refuses', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  it('a port that another program has', async () => {
    const other = net.createServer().listen(Number(env['WATCHBELL_PORT']), '127.0.0.1');
    closers.push(() => new Promise(resolve => other.close(resolve)));
    const refused = await command(['start'], env);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toContain('is taken by another program: set WATCHBELL_PORT');
    await expectNothingLeft();
  });

  it.each([
    [{ WATCHBELL_LEASE_MS: '1' }, /WATCHBELL_LEASE_MS/],
    [{ WATCHBELL_WORKERS: 'many' }, /WATCHBELL_WORKERS/],
    [{ MONGODB_URL: 'mongodb://127.0.0.1:1/x' }, /WATCHBELL_SECRET_KEY is required with MONGODB_URL/],
  ])('%j with one sentence', async (changes, words) => {
    const refused = await command(['start'], { ...env, ...changes });
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toMatch(words);
    expect(refused.output).not.toMatch(/^\s+at /m);
    await expectNothingLeft();
  });
});
