import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Embedded, startStandalone, startTemporary } from '@watchbell/mongod';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exists, freePort, type Host, testSecretKey } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { type CommandResult, program } from '../support/command';
import { eventually } from '../support/eventually';
import { MongosStandIn } from '../support/mongosStandIn';

const root = path.resolve(__dirname, '../..');
const password = 'mongo-pass-3f9a';
const sourcePassword = 'source-pass-77c1';
const robotKey = 'robot-key-5e20';
const hookSecret = 'hook-secret-90bd';
/** The shortest lease that the settings allow: what must be watched for a lease is seen soon. */
const shortLease = { WATCHBELL_LEASE_MS: '3000', WATCHBELL_RENEW_MS: '500', WATCHBELL_RENEWAL_LIMIT_MS: '1000' };
let mongod: Embedded;
let world: ClusterWorld;
let first: Host;

beforeAll(async () => {
  mongod = await startTemporary();
  const admin = new MongoClient(mongod.url);
  await admin.db('admin').command({ createUser: 'watchbell', pwd: password, roles: ['root'] });
  await admin.close();
  const url = mongod.url.replace('//', `//watchbell:${password}@`).replace('/?', '/wb_start?authSource=admin&');
  world = await new ClusterWorld(url).prepare();
  first = await world.host('first', { workers: 1, env: shortLease }).start();
}, 60_000);

afterAll(async () => {
  await world?.close();
  await mongod?.stop();
}, 30_000);

describe('egg-scripts start --daemon', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  /** Exactly as on a server; what it would leave in the home folder goes into one of its own. */
  async function startDaemon(env: Record<string, string>): Promise<CommandResult> {
    const folder = mkdtempSync(path.join(tmpdir(), 'wb-start-'));
    folders.push(folder);
    const script = path.join(root, 'node_modules/egg-scripts/bin/egg-scripts.js');
    const title = path.basename(folder);
    const options = ['--daemon', '--workers=1', `--port=${await freePort()}`, `--title=${title}`];
    const logs = ['out', 'err'].map(name => `--std${name}=${path.join(folder, name)}.log`);
    const args = [script, 'start', ...options, ...logs, path.join(root, 'dist')];
    const home = { PATH: process.env['PATH'] ?? '', HOME: folder, MOCK_HOME_DIR: folder, WATCHBELL_DATA_DIR: folder };
    const result = await program(process.execPath, args, { ...home, ...env }, 20_000);
    await eventually('nothing of it runs', () => running(title).length === 0, 5000);
    return result;
  }

  it('fails within 5 s without MONGODB_URL, and names the two ways out', async () => {
    const { code, output, tookMs } = await startDaemon({});
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(5000);
    expect(output).toMatch(/^.*MONGODB_URL is not set: point it at a MongoDB replica set .* or use "npm start".*\.$/m);
  });

  it('fails within 5 s with MONGODB_URL and no key, and says how to make one', async () => {
    const { code, output, tookMs } = await startDaemon({ MONGODB_URL: world.mongodbUrl });
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(5000);
    expect(output).toMatch(/WATCHBELL_SECRET_KEY is required with MONGODB_URL: .*openssl rand -base64 32/);
    expect(output).not.toContain(password);
  });

  it('fails with one sentence that names every wrong number and its setting', async () => {
    const { code, output } = await startDaemon({
      MONGODB_URL: world.mongodbUrl,
      WATCHBELL_SECRET_KEY: testSecretKey,
      WATCHBELL_LEASE_MS: '4000',
      WATCHBELL_STANDBY_MS: '5000',
    });
    expect(code).toBe(1);
    const sentence = output.split('\n').find(line => line.includes('The environment is not valid')) ?? '';
    expect(sentence).toContain('WATCHBELL_LEASE_MS must be at least 2 × WATCHBELL_RENEW_MS');
    expect(sentence).toContain('WATCHBELL_STANDBY_MS must not be more than WATCHBELL_REANNOUNCE_MS');
  });
});

describe('a host that may not run', () => {
  it('ends with a sentence where its key is not that of the others', async () => {
    const other = world.host('other', {
      workers: 1,
      env: { WATCHBELL_SECRET_KEY: 'another key, as long as it must be' },
    });
    await other.launch();
    await refusal(other, 20_000);
    expect(other.complaints()).toContain('WATCHBELL_SECRET_KEY is not the key that this database was begun with');
    expect(await first.isReady()).toBe(true);
  }, 30_000);

  it('ends with a sentence where a host of this machine has its WATCHBELL_HOST_ID, which goes on', async () => {
    const { hostId } = first.options;
    const twin = world.host('twin', { hostId, workers: 1, env: shortLease });
    await twin.launch();
    await refusal(twin, 30_000);
    expect(twin.complaints()).toContain(`The host id "${hostId}" is in use by process`);
    expect(await first.isReady()).toBe(true);
    expect(exists(first.agentPid())).toBe(true);
  }, 45_000);

  it.skipIf(!mayUnshare())(
    'ends at once where another machine has its WATCHBELL_HOST_ID',
    async () => {
      const { hostId } = first.options;
      const prefix = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
      const twin = world.host('elsewhere', { hostId, workers: 1, prefix, env: shortLease });
      await twin.launch();
      await refusal(twin, 15_000);
      expect(twin.complaints()).toContain(`The host id "${hostId}" is in use by another machine`);
      expect(await first.isReady()).toBe(true);
    },
    30_000,
  );
});

describe('a MongoDB that Watchbell cannot be right on', () => {
  it('is refused with a sentence where it is no replica set', async () => {
    const standalone = await startStandalone();
    try {
      const host = world.host('standalone', { workers: 1, mongodbUrl: standalone.url });
      await host.launch();
      await refusal(host, 15_000);
      expect(host.complaints()).toMatch(/MONGODB_URL points at a standalone mongod; .*--replSet/);
    } finally {
      await standalone.stop();
    }
  }, 30_000);

  it('is refused with a sentence where it is a mongos', async () => {
    const mongos = await MongosStandIn.start();
    try {
      const host = world.host('mongos', { workers: 1, mongodbUrl: mongos.url });
      await host.launch();
      await refusal(host, 15_000);
      expect(host.complaints()).toMatch(/MONGODB_URL points at a mongos; Watchbell needs a replica set/);
    } finally {
      await mongos.stop();
    }
  }, 30_000);
});

describe('the files of a host', () => {
  it('hold no secret, whatever it logs: not the keys, not the passwords, not the tokens', async () => {
    const dead = await freePort();
    const clickhouse = { kind: 'clickhouse', url: `http://127.0.0.1:${dead}`, user: 'me', password: sourcePassword };
    const robot = { kind: 'wecom-robot', url: `http://127.0.0.1:${dead}/cgi-bin/webhook/send?key=${robotKey}` };
    const hook = { kind: 'webhook', url: `http://127.0.0.1:${dead}/`, secret: hookSecret };
    const check = { source: 'dead', query: 'SELECT 1', rule: { op: '>', threshold: 1 } };
    const job = { kind: 'check', schedule: { everyMs: 1000 }, check, retry: { limit: 0 } };
    await world.api.must('PUT', '/api/v1/sources/dead', clickhouse);
    await world.api.must('PUT', '/api/v1/channels/robot', robot);
    await world.api.must('PUT', '/api/v1/channels/hook', hook);
    await world.api.must('PUT', '/api/v1/jobs/dead', { ...job, notify: { channels: ['robot', 'hook'] } });
    for (const place of ['sources/dead', 'channels/robot', 'channels/hook']) {
      await world.api.send('POST', `/api/v1/${place}/test`);
    }
    await eventually('both deliveries were tried in vain', async () => {
      const tried = await world.api.all('/api/v1/deliveries?job=dead');
      return tried.length >= 2 && tried.every(one => Number(one['attempts']) > 0);
    });
    await first.stop();
    const files = filesIn(first.dataDir);
    expect(files.map(file => path.basename(file))).toEqual(
      expect.arrayContaining(['watchbell.log', 'application_config.json', 'agent_config.json']),
    );
    const secrets = [testSecretKey, password, sourcePassword, robotKey, hookSecret, world.token.slice(3)];
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      expect(
        secrets.filter(secret => text.includes(secret)),
        file,
      ).toEqual([]);
    }
  }, 40_000);
});

async function refusal(host: Host, timeoutMs: number): Promise<void> {
  const pids = host.pids();
  await eventually('its processes end', () => !exists(host.masterPid), timeoutMs);
  await eventually('its children too', () => !pids.some(exists), 8000);
}

/** Processes in whose command line this word stands. */
function running(word: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => commandOf(pid).includes(word));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name));
}

/** A process of another pid namespace is, for Watchbell, on another machine. */
function mayUnshare(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
