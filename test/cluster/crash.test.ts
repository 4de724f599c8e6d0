import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryModel } from '../../app/model/delivery';
import type { RunDoc } from '../../app/model/run';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { Load, leadFor } from '../support/load';
import { OwnMongod } from '../support/ownMongod';
import { WebhookReceiver } from '../support/webhookReceiver';

/** How long each check waits for its source: at 20 a second, 14 are in flight at any time. */
const workMs = 700;
/** Within this span after a death everything that ran there runs elsewhere. */
const takeOverMs = 15_000;
const told = Array.from({ length: 10 }, (_, index) => `told-${index}`);
const receiver = new WebhookReceiver();
let mongod: OwnMongod;
let world: ClusterWorld;
let a: Host;
let b: Host;

beforeAll(async () => {
  mongod = await OwnMongod.start();
  world = await new ClusterWorld(mongod.url).prepare();
  await receiver.start();
  [a, b] = [world.host('a'), world.host('b')];
  await Promise.all([a.start(), b.start()]);
  await world.defineNumbers();
  // Longer than a worker is stopped below: it must go on with the answer, not with a timeout.
  await world.api.must('PATCH', '/api/v1/sources/numbers', { timeoutMs: 60_000 });
  await world.api.must('PUT', '/api/v1/channels/hook', { kind: 'webhook', url: receiver.url });
  await work();
}, 90_000);

afterAll(async () => {
  await mongod?.noDelay();
  await world?.close();
  await receiver.stop();
  await mongod?.stop();
}, 60_000);

const work = () => mongod.delay({ commands: ['aggregate'], namespace: world.numbersNamespace, ms: workMs });

/** 20 occurrences a second for 10 s; half of the jobs must be alone, the first six send a message each time. */
async function beginLoad(name: string, intoMs: number): Promise<Load> {
  await world.setNumber(name, 200);
  const over = (index: number) => ({
    overlap: index % 2 === 0 ? 'allow' : 'skip',
    notify: { channels: index < 6 ? ['hook'] : [], repeatMs: 1000 },
  });
  const leadMs = await leadFor(world, 20);
  return await new Load(world, { name, jobs: 20, seconds: 10, over, leadMs }).begin(intoMs);
}

const isOf = (pid: number) => (record: { member: string | null }) => record.member?.split(':')[1] === String(pid);

/** The first of these workers that is executing at least `least` runs of the load. */
async function busyWorker(load: Load, pids: readonly number[], least = 3): Promise<number> {
  return await eventually('a worker has runs in flight', async () => {
    const started = (await load.records()).filter(run => run.state === 'running' && run.startedAt !== null);
    return pids.find(pid => started.filter(isOf(pid)).length >= least);
  });
}

async function runningOf(load: Load, pids: readonly number[]): Promise<RunDoc[]> {
  return (await load.records()).filter(run => run.state === 'running' && pids.some(pid => isOf(pid)(run)));
}

/** Every occurrence ended well, or gave way to a run of its job that lived; each start had a fence of its own. */
async function expectAllEnded(load: Load): Promise<RunDoc[]> {
  const runs = await load.ended();
  expect(runs.map(run => run._id).sort()).toEqual(load.occurrences().sort());
  const gaveWay = runs.filter(run => run.state === 'skipped');
  expect(new Set(gaveWay.map(run => run.reason))).toEqual(new Set(gaveWay.length > 0 ? ['overlap'] : []));
  expect(gaveWay.filter(run => Number(run.job.split('-')[1]) % 2 === 0)).toEqual([]);
  const others = runs.filter(run => run.state !== 'skipped');
  expect(others.filter(run => run.state !== 'succeeded')).toEqual([]);
  const starts = startsOf(load);
  expect(starts.filter((start, index) => starts.indexOf(start) !== index)).toEqual([]);
  return runs;
}

/** `run#fence` of each start that any process has told of. */
function startsOf(load: Load): string[] {
  const ids = new Set(load.occurrences());
  return [a, b]
    .flatMap(host => host.events())
    .filter(event => event['event'] === 'run.started' && ids.has(String(event['runId'])))
    .map(event => `${event['runId']}#${event['fence']}`);
}

function expectTakenOver(runs: readonly RunDoc[], victims: readonly RunDoc[], diedAt: number): void {
  const after = new Map(runs.map(run => [run._id, run]));
  expect(victims.length).toBeGreaterThan(0);
  for (const victim of victims) {
    const run = after.get(victim._id);
    expect(run, victim._id).toMatchObject({ state: 'succeeded' });
    expect(run?.fence).toBeGreaterThan(victim.fence);
    expect(run?.member).not.toBe(victim.member);
    expect(Number(run?.startedAt) - diedAt).toBeLessThan(takeOverMs);
  }
}

async function deliveriesOf(name: string) {
  const stored = await world.database
    .collection(deliveryModel)
    .find({ job: { $regex: `^${name}-` } })
    .toArray();
  return stored.map(document => deliveryModel.schema.parse(document));
}

/**
 * Each message that was decided arrived, unless a newer one took its place; one key for each (alert, occurrence). A
 * message that was on its way when its sender died may arrive again: with the same key, under a higher fence.
 */
async function expectMessagesOnce(name: string, inFlight: readonly string[]): Promise<void> {
  const deliveries = await eventually('every delivery is settled', async () => {
    const found = await deliveriesOf(name);
    return found.length > 0 && found.every(one => one.state === 'sent' || one.state === 'folded') && found;
  });
  const taken = receiver.takenById();
  const sent = deliveries.filter(one => one.state === 'sent').map(one => one._id);
  expect(sent.filter(id => !taken.has(id))).toEqual([]);
  const occurrences = deliveries.map(one => `${one.alertId} ${one.message.scheduledAt.toISOString()}`);
  expect(new Set(occurrences).size).toBe(occurrences.length);
  const repeated = deliveries.map(one => one._id).filter(id => (taken.get(id) ?? 0) > 1);
  expect(repeated.filter(id => !inFlight.includes(id))).toEqual([]);
  for (const id of repeated) {
    const fences = receiver.taken.filter(call => call.id === id).map(call => call.fence);
    expect(fences).toEqual([...new Set(fences)].sort((one, other) => Number(one) - Number(other)));
  }
}

async function sendingOf(name: string, pids: readonly number[]): Promise<string[]> {
  const sending = (await deliveriesOf(name)).filter(one => one.state === 'sending');
  return sending.filter(one => pids.some(pid => isOf(pid)(one))).map(one => one._id);
}

/** Kills these processes at once and tells what was in flight in them. */
async function kill(load: Load, name: string, pids: readonly number[]) {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  const diedAt = Date.now();
  return { diedAt, victims: await runningOf(load, pids), sending: await sendingOf(name, pids) };
}

describe('kill -9 under a load of 20 occurrences a second', () => {
  it('of a worker and then of its agent: nothing is missed or done twice, and its runs and messages are taken over', async () => {
    receiver.behave({ type: 'slow', delayMs: 300 });
    const load = await beginLoad('killed', 2000);
    const worker = await busyWorker(load, b.workerPids());
    const { diedAt, victims, sending } = await kill(load, 'killed', [worker]);
    await sleep(2000);
    const agent = b.agentPid();
    await kill(load, 'killed', [agent]);
    const runs = await expectAllEnded(load);
    expectTakenOver(runs, victims, diedAt);
    // What is due without its agent is announced by the other host, and by the new agent.
    expect(Math.max(...runs.map(run => run.latenessMs))).toBeLessThan(takeOverMs);
    await expectMessagesOnce('killed', sending);
    receiver.behaveNormally();
    const others = () => b.workerPids().filter(one => one !== worker);
    await eventually('the master has a new worker', () => others().length === 2);
    expect(b.agentPid()).not.toBe(agent);
  }, 60_000);
});

describe('two workers that are stopped for 20 s and go on', () => {
  it('one between claim and effect of its runs, one of a message: others do it, and they change and send nothing', async () => {
    await defineTold();
    const load = await beginLoad('stopped', 4000);
    const first = await busyWorker(load, b.workerPids());
    process.kill(first, 'SIGSTOP');
    const stoppedAt = Date.now();
    const victims = await runningOf(load, [first]);
    const { pid: second, held } = await claimedMessage(
      [...a.workerPids(), ...b.workerPids()].filter(pid => pid !== first),
    );
    process.kill(second, 'SIGSTOP');
    const secondAt = Date.now();
    expect(await sendingOf('told', [second])).toContain(held);
    const sending = await sendingOf('stopped', [first, second]);
    await work();
    const runs = await expectAllEnded(load);
    expectTakenOver(runs, victims, stoppedAt);
    await sleep(Math.max(0, secondAt + 20_000 - Date.now()));
    const calls = receiver.calls.length;
    for (const pid of [first, second]) process.kill(pid, 'SIGCONT');
    await Promise.all([isBack(first, stoppedAt), isBack(second, secondAt)]);
    expect(await load.records()).toEqual(runs);
    expect(receiver.calls).toHaveLength(calls);
    const calledFor = receiver.taken.filter(call => call.id === held);
    expect(calledFor).toHaveLength(1);
    expect(calledFor[0]?.fence).toBeGreaterThan(1);
    await expectMessagesOnce('stopped', sending);
    await expectMessagesOnce('told', []);
  }, 90_000);
});

/** Ten jobs that run when they are asked to, and then have a message. */
async function defineTold(): Promise<void> {
  await world.setNumber('told', 200);
  const rarely = { everyMs: 3_600_000, anchorAt: new Date(Date.now() - 1000).toISOString() };
  const job = world.check('told', { schedule: rarely, notify: { channels: ['hook'] } });
  await Promise.all(told.map(name => world.api.must('PUT', `/api/v1/jobs/${name}`, job)));
}

/** Messages that wait for their binding look at the mutes: one of these workers, as soon as it has claimed one. */
async function claimedMessage(pids: readonly number[]): Promise<{ pid: number; held: string }> {
  await mongod.delay({ commands: ['find'], namespace: `${world.database.db.databaseName}.mutes`, ms: 1500 });
  await Promise.all(told.map(name => world.api.must('POST', `/api/v1/jobs/${name}/run`)));
  return await eventually('a worker has claimed a message', async () => {
    for (const pid of pids) {
      const [held] = await sendingOf('told', [pid]);
      if (held !== undefined) return { pid, held };
    }
    return null;
  });
}

/** It had been called dead, and is a member anew; what it was about to do is done by then. */
async function isBack(pid: number, stoppedAt: number): Promise<void> {
  await eventually('the stopped worker is a member again', async () => {
    const members = await world.api.must('GET', '/api/v1/cluster');
    const list: unknown = members['members'];
    return (
      Array.isArray(list) &&
      list.some(one => one.pid === pid && one.state === 'live' && Date.parse(one.startedAt) > stoppedAt)
    );
  });
  await sleep(2000);
}

describe('kill -9 of a whole host', () => {
  it('leaves everything to the other: nothing is missed or done twice', async () => {
    receiver.behave({ type: 'slow', delayMs: 300 });
    const load = await beginLoad('host', 4000);
    await busyWorker(load, b.workerPids());
    const { diedAt, victims, sending } = await kill(load, 'host', b.pids());
    const runs = await expectAllEnded(load);
    expectTakenOver(runs, victims, diedAt);
    await expectMessagesOnce('host', sending);
    const late = runs.filter(run => run.scheduledAt.getTime() > diedAt);
    expect(new Set(late.map(run => run.hostId))).toEqual(new Set([a.options.hostId]));
  }, 60_000);
});
