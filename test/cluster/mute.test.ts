import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { wrongClock } from '../support/faketime';
import { type Closed, MuteTrials } from '../support/muteTrials';
import { WebhookReceiver } from '../support/webhookReceiver';

/** Side by side: 20 jobs in 5 rounds are 100 tries, each at another moment between two checks. */
const names = Array.from({ length: 20 }, (_, index) => `loud-${index}`);
const rounds = 5;
const world = new ClusterWorld(testDatabaseUrl());
const receiver = new WebhookReceiver();
let trials: MuteTrials;

beforeAll(async () => {
  await Promise.all([receiver.start(), world.prepare()]);
  const hosts = await world.start('a', 'b');
  await world.defineNumbers();
  await world.setNumber('loud', 500);
  await world.api.must('PUT', '/api/v1/channels/hook', { kind: 'webhook', url: receiver.url });
  const notify = { channels: ['hook'], repeatMs: 1000 };
  for (const name of [...names, 'control']) {
    await world.api.must('PUT', `/api/v1/jobs/${name}`, world.check('loud', { notify }));
  }
  trials = new MuteTrials(world, receiver, hosts, 'control');
  await allAreTold();
}, 120_000);

afterAll(async () => {
  await world.close();
  await receiver.stop();
}, 60_000);

async function allAreTold(): Promise<void> {
  const now = new Date();
  await Promise.all(names.map(name => trials.told(name, now)));
}

async function attempts(): Promise<void> {
  trials.answeredBy.clear();
  for (let round = 0; round < rounds; round += 1) await Promise.all(names.map(name => trials.attempt(name)));
  const workers = trials.hosts.flatMap(host => host.workerPids().map(pid => `${host.options.hostId}:${pid}`));
  expect(workers).toHaveLength(4);
  expect(membersOf(trials.answeredBy)).toEqual(new Set(workers));
  expect([...membersOf(await trials.muters())]).toEqual(expect.arrayContaining(workers));
}

/** `hostId:pid` of member ids. */
function membersOf(ids: ReadonlySet<string>): Set<string> {
  return new Set([...ids].map(id => id.split(':').slice(0, 2).join(':')));
}

function pidOf({ member }: Closed): number {
  return Number(member.split(':')[1]);
}

async function workersAreBack(host: Host): Promise<void> {
  await eventually('both workers run', async () => host.workerPids().length === 2 && (await host.isReady()), 20_000);
}

describe('/close on a worker of one host', () => {
  it('holds the next checks of every worker of both hosts, 100 times in a row; /open lets them through', async () => {
    await attempts();
  }, 120_000);

  it('holds them also when workers of both hosts are killed before the next check', async () => {
    const closed = await Promise.all(names.map(name => trials.close(name)));
    for (const host of trials.hosts) {
      const mine = closed.find(one => one.member.startsWith(`${host.options.hostId}:`));
      if (mine === undefined) throw new Error('a host has answered no /close');
      process.kill(pidOf(mine), 'SIGKILL');
    }
    await Promise.all(closed.map(one => trials.assertHeld(one)));
    await Promise.all(names.map(name => trials.open(name)));
    await Promise.all(trials.hosts.map(workersAreBack));
  }, 90_000);

  it('holds them after everything was stopped and started again', async () => {
    const ends = ['', '&for=2h', '&for=forever'];
    const closed = await Promise.all(names.map((name, index) => trials.close(name, ends[index % ends.length])));
    await Promise.all(trials.hosts.map(host => host.stop()));
    const restartedAt = new Date();
    await Promise.all(trials.hosts.map(host => host.start()));
    await Promise.all(closed.map(one => trials.assertHeld(one, restartedAt)));
    await Promise.all(names.map(name => trials.open(name)));
  }, 120_000);
});

describe('/close where the clock of a host is 4 s fast', () => {
  beforeAll(async () => {
    const [right, wrong] = trials.hosts;
    if (right === undefined || wrong === undefined) throw new Error('two hosts are needed');
    await wrong.stop();
    const fast = await world.host('fast', { env: wrongClock('+4s') }).start();
    trials.hosts = [right, fast];
    await allAreTold();
  }, 90_000);

  it('holds the next checks of every worker of both hosts, 100 times in a row; /open lets them through', async () => {
    await attempts();
    const workers = await fastWorkers();
    expect(workers).toHaveLength(2);
    for (const { clockSkewMs } of workers) expect(clockSkewMs).toBeGreaterThan(3500);
  }, 120_000);

  it("holds for as long as it was asked to, by no host's clock, and ends by itself", async () => {
    const closed = await Promise.all(names.map(name => trials.close(name, '&for=8s')));
    await Promise.all(
      closed.map(async one => {
        const endsAt = one.endsAt ?? new Date(Number.NaN);
        expect(Math.abs(endsAt.getTime() - one.at.getTime() - 8000)).toBeLessThan(2000);
        await sleep(endsAt.getTime() - Date.now() - 500);
        await trials.assertHeld(one);
        await trials.told(one.job, endsAt);
      }),
    );
  }, 60_000);
});

async function fastWorkers() {
  const member = z.object({ hostId: z.string(), role: z.string(), state: z.string(), clockSkewMs: z.number() });
  const { members } = z.object({ members: z.array(member) }).parse(await world.api.must('GET', '/api/v1/cluster'));
  const hostId = trials.hosts[1]?.options.hostId;
  return members.filter(one => one.hostId === hostId && one.role === 'worker' && one.state === 'live');
}
