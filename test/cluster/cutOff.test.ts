import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunDoc } from '../../app/model/run';
import { type Network, type Networks, networks } from '../../tools/drill/network';
import type { WitnessEvent } from '../../tools/drill/types';
import { type Host, shortLease } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { Passage } from '../support/namespaces';
import { Proof } from '../support/proof';
import { runsOf } from '../support/runRecords';
import { WebhookReceiver } from '../support/webhookReceiver';

const leaseMs = Number(shortLease.WATCHBELL_LEASE_MS);
/** A deadline is looked at every 250 ms; a call that was handed over before it may still be on its way. */
const roomMs = 750;
const cutMs = 9000;
/** Which host an occurrence prefers is as a coin falls: of 30, one in two million leaves either with less than 3. */
const coinsMs = 30_000;
const databaseUrl = testDatabaseUrl();
const mongodb = new URL(databaseUrl.replace(/^mongodb:/, 'http:'));
const receiver = new WebhookReceiver();
const passages: Passage[] = [];
let nets: Networks;
let world: ClusterWorld;
let proof: Proof;
let a: Host;
let b: Host;
let networkOfA: Network;

beforeAll(async () => {
  nets = await networks(2, Number(mongodb.port));
  await receiver.start();
  const numbers = `mongodb://${await inTheWorld(Number(mongodb.port))}/?directConnection=true`;
  world = await new ClusterWorld(databaseUrl, numbers).prepare();
  const [first, second] = nets.each;
  if (first === undefined || second === undefined) throw new Error('two networks are needed');
  networkOfA = first;
  [a, b] = await Promise.all([startHost('a', first), startHost('b', second)]);
  proof = await new Proof(world).start(nets.witnessAddress);
  await world.defineNumbers();
}, 90_000);

afterAll(async () => {
  await world?.close();
  await proof?.stop();
  for (const passage of passages) await passage.stop();
  for (const network of nets?.each ?? []) await network.remove();
  await receiver.stop();
}, 60_000);

/** Where every host reaches this port of the machine: an address that is not the one of MongoDB. */
async function inTheWorld(port: number): Promise<string> {
  const passage = await new Passage(nets.witnessAddress, port).start();
  passages.push(passage);
  return `${nets.witnessAddress}:${passage.port}`;
}

async function startHost(name: string, { mongodbUrl, prefix, address }: Network): Promise<Host> {
  const url = mongodbUrl.replace('/?', `${mongodb.pathname}?`);
  const env = { ...shortLease, WATCHBELL_DRILL: 'true', WATCHBELL_ALLOW_NETS: `${nets.witnessAddress}/32` };
  return await world.host(name, { mongodbUrl: url, prefix, address, workers: 1, env }).start();
}

const isOf = ({ options: { hostId } }: Host) => {
  return ({ member }: WitnessEvent) => member.startsWith(`${hostId}:`);
};

describe('a host that loses MongoDB while the other keeps it', () => {
  it('stops within its lease; its work is done elsewhere, nothing twice; and it takes part again', async () => {
    const plan = await proof.begin('cut', 18);
    const at = Date.now();
    networkOfA.cut();
    await sleep(cutMs);
    networkOfA.mend();
    const endAt = Date.now();
    const { verdict, events } = await proof.verdict(plan, { at, endAt });
    const between = (from: number, to: number) => events.filter(event => event.at > from && event.at < to);
    expect(between(at, at + leaseMs).some(isOf(a))).toBe(true);
    expect(between(at + leaseMs + roomMs, endAt).filter(isOf(a))).toEqual([]);
    expect(between(at + leaseMs + roomMs, endAt).some(isOf(b))).toBe(true);
    expect(between(endAt, plan.endAt).some(isOf(a))).toBe(true);
    expect(verdict.takenOverMs.length).toBeGreaterThan(0);
    expect(a.complaints()).not.toMatch(/unhandled|uncaught|TypeError|ReferenceError|RangeError/i);
  }, 90_000);
});

/** To its own network everything but MongoDB is gone: packets there have no way. */
function cutOffFromTheWorld(network: Network, verb: 'add' | 'del'): void {
  const [file = '', ...args] = network.prefix;
  execFileSync(file, [...args, 'ip', 'route', verb, 'blackhole', `${nets.witnessAddress}/32`]);
}

const kindOf = z.object({ kind: z.string() });
const kinds = () => receiver.taken.map(({ body }) => kindOf.parse(body).kind);

async function runsSince(since: number): Promise<RunDoc[]> {
  const runs = await runsOf(world.database, 'far');
  return runs.filter(run => run.claimedAt.getTime() > since && run.finishedAt !== null);
}

describe('a host that loses the world but keeps MongoDB', () => {
  it('shows errors and says so; what fires is never told as resolved', async context => {
    if (networkOfA.prefix.length === 0) context.skip('no right to make network namespaces');
    const url = `http://${await inTheWorld(Number(new URL(receiver.origin).port))}/hook`;
    await world.api.must('PUT', '/api/v1/channels/hook', { kind: 'webhook', url });
    await world.setNumber('far', 500);
    const over = { notify: { channels: ['hook'] }, retry: { limit: 0 }, timeoutMs: 900, overlap: 'allow' };
    await world.api.must('PUT', '/api/v1/jobs/far', world.check('far', over));
    await eventually('it fires', () => kinds().includes('firing'));

    cutOffFromTheWorld(networkOfA, 'add');
    const cutAt = Date.now();
    const runs = await eventually(
      'both hosts have run it since',
      async () => {
        const since = await runsSince(cutAt);
        const by = (host: Host) => since.filter(run => run.hostId === host.options.hostId).length;
        return by(a) >= 3 && by(b) >= 1 && since;
      },
      coinsMs,
    );
    cutOffFromTheWorld(networkOfA, 'del');
    const states = (host: Host) =>
      new Set(runs.filter(run => run.hostId === host.options.hostId).map(run => run.state));
    expect([...states(a)].filter(state => state !== 'failed' && state !== 'timedOut')).toEqual([]);
    expect(states(b)).toEqual(new Set(['succeeded']));
    await eventually('the error is told', () => kinds().includes('error'));
    expect(kinds()).not.toContain('resolved');

    const back = Date.now();
    await eventually(
      'the host works again',
      async () => (await runsSince(back)).some(run => run.hostId === a.options.hostId && run.state === 'succeeded'),
      coinsMs,
    );
    expect(kinds()).not.toContain('resolved');
    await world.setNumber('far', 1);
    await eventually('its end is told', () => kinds().at(-1) === 'resolved');
  }, 120_000);
});
