import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDoc } from '../../app/model/run';
import { installationOf } from '../../tools/server/installation';
import { serverProcesses } from '../../tools/server/processes';
import { exists, freePort, type Host, testSecretKey, uniqueHostId } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { command } from '../support/command';
import { eventually } from '../support/eventually';
import { Load } from '../support/load';
import { OwnMongod } from '../support/ownMongod';

/** Longer than what is under way gets at a stop: some runs must be given up. */
const workMs = 4500;
const limitMs = 8000;
let mongod: OwnMongod;
let world: ClusterWorld;
let a: Host;

beforeAll(async () => {
  mongod = await OwnMongod.start();
  world = await new ClusterWorld(mongod.url).prepare();
  a = await world.host('a').start();
  await world.defineNumbers();
  await mongod.delay({ commands: ['aggregate'], namespace: world.numbersNamespace, ms: workMs });
}, 60_000);

afterAll(async () => {
  await mongod?.noDelay();
  await world?.close();
  await mongod?.stop();
}, 30_000);

/** 10 occurrences a second for 8 s, 45 runs in flight; a lost run of every other job may not run again. */
async function beginLoad(name: string): Promise<Load> {
  const over = (index: number) => ({ overlap: 'allow', onLost: closes(index) ? 'close' : 'retry' });
  return await new Load(world, { name, jobs: 10, seconds: 8, over }).begin(5500);
}

const closes = (index: number) => index % 2 === 1;
const jobCloses = (run: RunDoc) => closes(Number(run.job.split('-')[1]));

async function runsOn(load: Load, hostId: string): Promise<RunDoc[]> {
  return (await load.records()).filter(run => run.hostId === hostId);
}

/** Directly after the stop: what the host could not end is nobody's or closed, so that no one waits for its lease. */
async function expectGivenUp(load: Load, hostId: string): Promise<RunDoc[]> {
  const runs = await runsOn(load, hostId);
  expect(runs.filter(run => run.state === 'running')).toEqual([]);
  const given = runs.filter(run => run.state === 'queued' || run.state === 'lost');
  expect(given.length).toBeGreaterThan(0);
  for (const run of given) {
    expect(run.state, run._id).toBe(jobCloses(run) && run.startedAt !== null ? 'lost' : 'queued');
  }
  return given;
}

/** All ended in the end: released ones ran elsewhere, uncounted. */
async function expectTakenOver(load: Load, given: readonly RunDoc[]): Promise<void> {
  const runs = await load.ended();
  expect(runs.map(run => run._id).sort()).toEqual(load.occurrences().sort());
  const lost = new Set(given.filter(run => run.state === 'lost').map(run => run._id));
  for (const run of runs) expect(run, run._id).toMatchObject({ state: lost.has(run._id) ? 'lost' : 'succeeded' });
  const released = runs.filter(run => given.some(one => one._id === run._id && one.state === 'queued'));
  expect(released.filter(run => run.lostCount > 0 || run.fence < 2)).toEqual([]);
}

describe('SIGTERM to the master under load', () => {
  it('of the only host leaves no run "running", and its next start goes on with what it left', async () => {
    const load = await beginLoad('only');
    const pids = a.pids();
    expect(await a.stop()).toBeLessThan(limitMs);
    expect(pids.filter(exists)).toEqual([]);
    const given = await expectGivenUp(load, a.options.hostId);
    await a.start();
    await expectTakenOver(load, given);
  }, 90_000);
});

describe('npm stop under load', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'wb-npm-'));
  const hostId = uniqueHostId('npm');

  afterAll(async () => {
    await command(['stop'], { ...process.env, WATCHBELL_DATA_DIR: dataDir });
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  it('ends the server that npm start began in under 8 s, with nothing left behind', async () => {
    const env = {
      ...process.env,
      MONGODB_URL: world.mongodbUrl,
      WATCHBELL_SECRET_KEY: testSecretKey,
      WATCHBELL_DATA_DIR: dataDir,
      WATCHBELL_HOST_ID: hostId,
      WATCHBELL_PORT: String(await freePort()),
      WATCHBELL_WORKERS: '2',
      WATCHBELL_ALLOW_LOOPBACK: 'true',
      WATCHBELL_LISTEN: '127.0.0.1',
    };
    const started = await command(['start'], env);
    expect(started.code, started.output).toBe(0);
    const installation = installationOf(env);
    const before = await serverProcesses(installation);
    expect(before.map(one => one.role).sort()).toEqual(['agent', 'master', 'worker', 'worker']);
    const load = await beginLoad('npm');
    await eventually('it executes runs', async () => (await runsOn(load, hostId)).length > 0);
    const stopped = await command(['stop'], env);
    expect(stopped.output).toContain('The server has ended (4 processes).');
    expect(stopped.code).toBe(0);
    expect(stopped.tookMs).toBeLessThan(limitMs);
    expect(before.filter(one => exists(one.pid))).toEqual([]);
    await expectTakenOver(load, await expectGivenUp(load, hostId));
  }, 120_000);
});
