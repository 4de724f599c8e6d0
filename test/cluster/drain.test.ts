import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunDoc } from '../../app/model/run';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { Load } from '../support/load';
import { OwnMongod } from '../support/ownMongod';
import { WebhookReceiver } from '../support/webhookReceiver';

/** Longer than a stop (3 s) and than the drain below lets runs go on. */
const longMs = 6000;
const shortMs = 300;
/** A sweep, with what a busy machine takes for it. */
const sweepMs = 2500;
const witness = new WebhookReceiver();
let mongod: OwnMongod;
let world: ClusterWorld;
let a: Host;
let b: Host;

beforeAll(async () => {
  mongod = await OwnMongod.start();
  world = await new ClusterWorld(mongod.url).prepare();
  await witness.start();
  const options = { env: { WATCHBELL_DRILL: 'true' } };
  [a, b] = [world.host('a', options), world.host('b', options)];
  await Promise.all([a.start(), b.start()]);
}, 90_000);

afterAll(async () => {
  await world?.close();
  await witness.stop();
  await mongod?.stop();
}, 60_000);

const closes = (index: number) => index % 2 === 1;
const isLong = (index: number) => index === 3 || index === 6;
const indexOf = ({ job }: RunDoc) => Number(job.split('-')[1]);

/** 10 occurrences a second; half of the runs may not run again where they are lost, one of each half takes 6 s. */
function loadOf(name: string, seconds: number): Load {
  const over = (index: number) => ({
    ...{ overlap: 'allow', onLost: closes(index) ? 'close' : 'retry', timeoutMs: 60_000 },
    drill: { url: witness.url, workMs: isLong(index) ? longMs : shortMs },
  });
  return new Load(world, {
    name,
    jobs: 10,
    seconds,
    over,
    base: { kind: 'drill', title: name, retry: { limit: 0 } },
    leadMs: 3000,
  });
}

const clusterSchema = z.object({
  hosts: z.array(z.looseObject({ hostId: z.string(), state: z.string(), runs: z.number() })),
  members: z.array(z.looseObject({ id: z.string(), hostId: z.string(), role: z.string(), state: z.string() })),
});

/** A host as the other one shows it. */
async function shown(host: Host, by: Host) {
  const { hosts, members } = clusterSchema.parse(await world.client(by).must('GET', '/api/v1/cluster'));
  const { hostId } = host.options;
  const found = hosts.find(one => one.hostId === hostId);
  return { state: found?.state, runs: found?.runs, members: members.filter(one => one.hostId === hostId) };
}

const stateOf = async (host: Host, by: Host) => (await shown(host, by)).state;
const drainOf = (host: Host) => `/api/v1/cluster/hosts/${host.options.hostId}/drain`;

/** First start of each occurrence in any process, in ms behind its time. */
function latenesses(load: Load, between: { from: number; to: number } | null = null): number[] {
  const dueAt = new Map(load.occurrences().map(id => [id, Date.parse(id.split('@')[1] ?? '')]));
  const first = new Map<string, number>();
  for (const event of [a, b].flatMap(host => host.events())) {
    if (event['event'] !== 'run.started') continue;
    const { runId, latenessMs } = z.looseObject({ runId: z.string(), latenessMs: z.number() }).parse(event);
    const due = dueAt.get(runId);
    if (due === undefined || (between !== null && (due < between.from || due > between.to))) continue;
    first.set(runId, Math.min(latenessMs, first.get(runId) ?? Number.POSITIVE_INFINITY));
  }
  return [...first.values()];
}

/** Every occurrence has ended, in time, and only runs that may not run again and are longer than a drain are lost. */
async function expectNothingMissed(load: Load): Promise<RunDoc[]> {
  const runs = await load.ended();
  expect(runs.map(run => run._id).sort()).toEqual(load.occurrences().sort());
  const lost = runs.filter(run => run.state === 'lost');
  expect(lost.filter(run => !(closes(indexOf(run)) && isLong(indexOf(run))))).toEqual([]);
  expect(runs.filter(run => run.state !== 'lost' && run.state !== 'succeeded')).toEqual([]);
  expect(Math.max(...latenesses(load))).toBeLessThan(3000);
  return lost;
}

/** Until this host is at both kinds of runs that take longer than it will be given. */
async function inFlight(load: Load, host: Host): Promise<void> {
  await eventually('long runs are in flight', async () => {
    const running = (await load.records()).filter(run => run.state === 'running' && run.hostId === host.options.hostId);
    const long = running.filter(run => isLong(indexOf(run)) && run.startedAt !== null && isFresh(run.startedAt));
    return long.some(run => closes(indexOf(run))) && long.some(run => !closes(indexOf(run)));
  });
}

const isFresh = (startedAt: Date) => Date.now() - startedAt.getTime() < 2500;

/** Claims of a host's members from some time on, by MongoDB's clock. */
async function claimsAfter(load: Load, host: Host, from: number): Promise<RunDoc[]> {
  return (await load.records()).filter(run => run.hostId === host.options.hostId && run.claimedAt.getTime() > from);
}

it('SIGTERM to one worker does not drain its host: the other goes on, and the next one joins in', async () => {
  const load = await loadOf('single', 6).begin(1000);
  const [victim = 0] = a.workerPids();
  process.kill(victim, 'SIGTERM');
  const killedAt = Date.now();
  await eventually('the agent knows that only this one ends', () =>
    a
      .events()
      .some(event => event['event'] === 'agent.workerEnds' && event['worker'] === victim && event['allEnd'] === false),
  );
  const states = new Set<string | undefined>();
  await eventually(
    'another worker stands in its place',
    async () => {
      states.add(await stateOf(a, b));
      await sleep(200);
      const { members } = await shown(a, b);
      const workers = members.filter(({ role, state }) => role === 'worker' && state === 'live');
      return workers.length === 2 && workers.every(({ id }) => !id.includes(`:${victim}:`));
    },
    30_000,
  );
  expect([...states]).toEqual(['live']);
  expect((await claimsAfter(load, a, killedAt + 500)).length).toBeGreaterThan(0);
  await expectNothingMissed(load);
}, 60_000);

it('a drain by the API lasts until DELETE: nothing is claimed there, its share moves, what is left is handed over', async () => {
  const load = await loadOf('api', 12).begin(1500);
  await inFlight(load, b);
  await world.client(a).must('POST', drainOf(b), { limitMs: 1500 });
  const drainedAt = Date.now();
  expect((await shown(b, a)).members.map(({ state }) => state)).toEqual(['draining', 'draining', 'draining']);
  await eventually('its runs have ended or are handed over', async () => (await shown(b, a)).runs === 0, 15_000);
  await b.stop();
  await b.start();
  expect(await stateOf(b, a)).toBe('draining');
  expect(await claimsAfter(load, b, drainedAt + sweepMs)).toEqual([]);
  const due = { from: drainedAt + sweepMs, to: Date.now() - 3000 };
  expect(latenesses(load, due).filter(late => late >= 1000).length).toBeLessThanOrEqual(
    latenesses(load, due).length / 4,
  );
  const lost = await expectNothingMissed(load);
  expect(lost.length).toBeGreaterThan(0);
  const handedOver = (await load.records()).filter(run => indexOf(run) === 6 && run.fence > 1);
  expect(handedOver.length).toBeGreaterThan(0);
  expect(new Set(handedOver.map(({ lostCount }) => lostCount))).toEqual(new Set([0]));
  await world.client(b).must('DELETE', drainOf(b));
  expect(await stateOf(b, a)).toBe('live');
  const again = await loadOf('again', 3).begin();
  await eventually('it claims again', async () => (await claimsAfter(again, b, 0)).length > 0);
}, 120_000);

it('a rolling restart of every host under load misses nothing, and loses only what may not run again and is too long', async () => {
  const load = await loadOf('rolling', 18).begin(1500);
  await inFlight(load, b);
  for (const [host, other] of [
    [b, a],
    [a, b],
  ] as const) {
    const termAt = Date.now();
    const stopped = host.stop();
    await eventually('it is draining', async () => (await stateOf(host, other)) === 'draining', 4000);
    const tookMs = await stopped;
    expect(tookMs).toBeLessThan(6500);
    expect(host.events().some(event => event['event'] === 'agent.workerEnds' && event['allEnd'] === true)).toBe(true);
    expect(await claimsAfter(load, host, termAt + 1000)).toEqual([]);
    const due = { from: termAt + 1500, to: termAt + tookMs };
    await sleep(1000);
    expect(latenesses(load, due).filter(late => late >= 1000).length).toBeLessThanOrEqual(
      latenesses(load, due).length / 4,
    );
    await host.start();
    await eventually('it has its share again', async () => (await stateOf(host, other)) === 'live');
  }
  expect((await expectNothingMissed(load)).length).toBeGreaterThan(0);
  for (const host of [a, b]) expect(host.complaints()).not.toMatch(/unhandled|uncaught/i);
}, 120_000);
