import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Embedded, startReplicaSet, type TemporaryReplicaSet } from '@watchbell/mongod';
import { type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WitnessEvent } from '../../tools/drill/types';
import { type Host, shortLease } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { namespace, Passage } from '../support/namespaces';
import { Proof, type Proved } from '../support/proof';
import { WebhookReceiver } from '../support/webhookReceiver';

const leaseMs = Number(shortLease.WATCHBELL_LEASE_MS);
/** A deadline is looked at every 250 ms; a call that was handed over before it may still be on its way. */
const roomMs = 750;
/** What was claimed before the answer to /close is handed over within a second, or not at all. */
const handOverMs = 1500;
/** Longer than any lease. */
const electionMs = 12_000;
const cutMs = 10_000;
/** A secondary that loses whom it copies from looks for another after this span, not after six seconds. */
const parameters = { enableTestCommands: 1, oplogNetworkTimeoutBufferSeconds: 1 };
/** The first node and host a stand in a network of their own, where this machine allows it. */
const apart = namespace(0);
/** Numbers and the receiver stand where everybody reaches them, whatever is cut. */
const numbersPort = Number(new URL(testDatabaseUrl().replace(/^mongodb:/, 'http:')).port);
const receiver = new WebhookReceiver();
const passages: Passage[] = [];
let set: TemporaryReplicaSet;
let world: ClusterWorld;
let proof: Proof;
let a: Host;
let b: Host;

beforeAll(async () => {
  const here = { address: apart?.gateway };
  const places = apart === null ? [] : [{ address: apart.address, prefix: apart.prefix }, here, here];
  const witnessAddress = apart?.also(9).address ?? '127.0.0.1';
  set = await startReplicaSet(3, { places, parameters });
  const [numbers, hook] = [new Passage(witnessAddress, numbersPort), new Passage(witnessAddress, await receiverPort())];
  passages.push(await numbers.start(), await hook.start());
  const numbersUrl = `mongodb://${witnessAddress}:${numbers.port}/?directConnection=true`;
  const url = set.url.replace('/?', `/wb_${randomBytes(4).toString('hex')}?`);
  world = await new ClusterWorld(url, numbersUrl).prepare();
  const env = { ...shortLease, WATCHBELL_DRILL: 'true', WATCHBELL_ALLOW_NETS: `${witnessAddress}/32` };
  const inside = apart === null ? {} : { prefix: apart.prefix, address: apart.address };
  [b, a] = [world.host('b', { env, workers: 1 }), world.host('a', { env, workers: 1, ...inside })];
  await Promise.all([a.start(), b.start()]);
  proof = await new Proof(world).start(witnessAddress);
  await world.defineNumbers();
  const channel = { kind: 'webhook', url: `http://${witnessAddress}:${hook.port}/hook` };
  await world.api.must('PUT', '/api/v1/channels/hook', channel);
}, 120_000);

async function receiverPort(): Promise<number> {
  await receiver.start();
  return Number(new URL(receiver.origin).port);
}

afterAll(async () => {
  for (const node of set?.nodes ?? []) node.resume();
  await world?.close();
  await proof?.stop();
  await set?.stop();
  for (const passage of passages) await passage.stop();
  await receiver.stop();
  apart?.remove();
}, 60_000);

const isOf = ({ options: { hostId } }: Host) => {
  return ({ member }: WitnessEvent) => member.startsWith(`${hostId}:`);
};

function leasesLost(): number {
  return [a, b].flatMap(host => host.events()).filter(({ event }) => event === 'member.leaseLost').length;
}

function expectNoCrash(): void {
  for (const host of [a, b]) {
    expect(host.complaints()).not.toMatch(/unhandled|uncaught|TypeError|ReferenceError|RangeError/i);
  }
}

/** Two ways to lose a primary, and then an election that takes 12 s, in one load. */
interface Shown extends Proved {
  /** When the election was held up, and when it could begin. */
  heldAt: number;
  freeAt: number;
  leasesLost: number;
}

async function twoFailoversAndALongElection(): Promise<Shown> {
  const plan = await proof.begin('elections', 24, 2000);
  const at = Date.now();
  await set.stepDown();
  await sleep(1000);
  const killed = await set.primary();
  await killed.kill();
  await set.primary();
  await killed.restart();
  await sleep(Math.max(0, plan.startAt + 9000 - Date.now()));
  const before = leasesLost();
  const primary = await set.primary();
  const frozen = [primary, ...set.nodes.filter(node => node !== primary).slice(0, 1)];
  for (const node of frozen) await node.pause();
  const heldAt = Date.now();
  await sleep(electionMs);
  for (const node of frozen) node.resume();
  const freeAt = Date.now();
  return { ...(await proof.verdict(plan, { at, endAt: freeAt })), heldAt, freeAt, leasesLost: leasesLost() - before };
}

describe('three nodes of MongoDB', () => {
  let shown: Shown;
  beforeAll(async () => {
    shown = await twoFailoversAndALongElection();
  }, 120_000);

  it('lose their primary by a stepDown and by kill -9: nothing is missed or done twice', () => {
    const { events, heldAt, verdict } = shown;
    // What has begun before the long election: nobody waits for that.
    const begun = events.filter(event => event.phase === 'start' && event.at < heldAt);
    expect(begun.length).toBeGreaterThan(100);
    expect(verdict.once).toBeGreaterThan(250);
    expectNoCrash();
  });

  it('elect for 12 s, longer than any lease: every run is aborted, each is decided by its onLost, none is missed', () => {
    const { events, heldAt, freeAt, verdict } = shown;
    // An agent and a worker of each of two hosts.
    expect(shown.leasesLost).toBeGreaterThanOrEqual(4);
    expect(events.filter(event => event.at > heldAt + leaseMs + roomMs && event.at < freeAt)).toEqual([]);
    expect(verdict.again + verdict.repeated).toBeGreaterThan(0);
    expect(verdict.lost).toBeGreaterThan(0);
    expectNoCrash();
  });
});

async function on(node: Embedded, command: Document): Promise<Document> {
  const client = new MongoClient(node.url.replace(/\?.*/, ''), { directConnection: true, timeoutMS: 5000 });
  try {
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}

/** Packets between the first node with host a, and the other nodes with host b, have no way; the witness stays in reach. */
function route(verb: 'add' | 'del'): void {
  if (apart === null) return;
  const [file = '', ...args] = apart.prefix;
  execFileSync(file, [...args, 'ip', 'route', verb, 'blackhole', `${apart.gateway}/32`]);
}

/** Once it is answered, on the side of the majority, nothing of this job may be sent. */
async function closed(name: string): Promise<number> {
  await eventually('its mute is taken', async () => {
    const { status } = await world.client(b).send('POST', `/close?name=${name}&for=1h`);
    return status === 200;
  });
  return Date.now();
}

describe.skipIf(apart === null)('a primary that is cut off with a host, and goes on believing that it is one', () => {
  it('acknowledges nothing that counts: that host stops within its lease, the other does everything once', async () => {
    const [minority, ...majority] = set.nodes;
    if (minority === undefined) throw new Error('no node');
    await set.stepUp(minority);
    await world.setNumber('loud', 500);
    await world.api.must(
      'PUT',
      '/api/v1/jobs/loud',
      world.check('loud', { notify: { channels: ['hook'], repeatMs: 1000 } }),
    );
    const plan = await proof.begin('minority', 3 + cutMs / 1000 + 1, 3000);
    await eventually('it is loud', () => receiver.taken.length > 1);
    // It would give up by itself after 2 s; as long as this stands it takes writes like any primary.
    await on(minority, { configureFailPoint: 'blockHeartbeatStepdown', mode: 'alwaysOn' });
    const at = Date.now();
    route('add');
    await eventually('another primary', async () => {
      const answers = await Promise.all(majority.map(node => on(node, { hello: 1 })));
      return answers.some(answer => answer['isWritablePrimary'] === true);
    });
    const closedAt = await closed('loud');
    await sleep(at + cutMs - Date.now());
    const endAt = Date.now();
    route('del');
    await on(minority, { configureFailPoint: 'blockHeartbeatStepdown', mode: 'off' });
    const { events } = await proof.verdict(plan, { at, endAt });
    const silent = { from: at + leaseMs + roomMs, to: endAt };
    const inSilence = events.filter(event => event.at > silent.from && event.at < silent.to);
    expect(inSilence.filter(isOf(a))).toEqual([]);
    expect(inSilence.some(isOf(b))).toBe(true);
    expect(receiver.taken.filter(call => call.at.getTime() > closedAt + handOverMs)).toEqual([]);
    await world.api.must('POST', '/open?name=loud');
    const heard = receiver.taken.length;
    await eventually('it is loud again', () => receiver.taken.length > heard);
    await eventually('the host takes part again', async () => {
      const { members } = await world.api.must('GET', '/api/v1/cluster');
      const since = (text: string) => Date.parse(text) > at;
      return (
        Array.isArray(members) &&
        members.filter(one => one.hostId === a.options.hostId && one.state === 'live' && since(one.startedAt))
          .length === 2
      );
    });
    expectNoCrash();
  }, 90_000);
});
