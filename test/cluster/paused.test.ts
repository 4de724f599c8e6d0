import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type DeliveryDoc, deliveryModel } from '../../app/model/delivery';
import type { RunDoc } from '../../app/model/run';
import { WecomReceiver } from '../../tools/demo/wecomReceiver';
import { type Host, shortLease } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { LateDoor } from '../support/lateDoor';
import { runsOf } from '../support/runRecords';
import { WebhookReceiver } from '../support/webhookReceiver';

/** Long enough for an answer to be still on its way when the worker is stopped. */
const slow = { type: 'slow', delayMs: 4000 } as const;
const env = { ...shortLease, WATCHBELL_DRILL: 'true' };
const world = new ClusterWorld(testDatabaseUrl());
/** Whom the one message reaches that waits to be connected, and whom the one whose answer is on its way. */
const behindDoor = new WebhookReceiver();
const hook = new WebhookReceiver();
const wecom = new WecomReceiver({ keys: ['robot'] });
const witness = new WebhookReceiver();
let door: LateDoor;
let a: Host;
let paused: Paused;

/** What stood where when the worker was stopped, and in the end. */
interface Paused {
  before: Record<string, DeliveryDoc>;
  after: Record<string, DeliveryDoc>;
  runs: Record<string, RunDoc>;
  /** Calls that had come everywhere before the worker went on. */
  calls: number;
}

beforeAll(async () => {
  await Promise.all([behindDoor.start(), hook.start(), wecom.start(), witness.start(), world.prepare()]);
  door = await LateDoor.before(Number(new URL(behindDoor.origin).port));
  a = await world.host('a', { workers: 1, env }).start();
  await world.defineNumbers();
  await world.setNumber('loud', 500);
  await define();
  paused = await pauseInTheMiddle();
}, 120_000);

afterAll(async () => {
  await world.close();
  await door?.stop();
  await Promise.all([behindDoor.stop(), hook.stop(), wecom.stop(), witness.stop()]);
}, 60_000);

/** Three checks that send a message each and two drills, all due in one instant, once. */
async function define(): Promise<void> {
  const dueAt = Math.ceil(Date.now() / 1000) * 1000 + 3000;
  const iso = new Date(dueAt).toISOString();
  const once = { schedule: { everyMs: 3_600_000, anchorAt: iso }, startAt: iso };
  const channels = {
    connecting: { kind: 'webhook', url: `http://127.0.0.1:${door.port}/hook` },
    answered: { kind: 'webhook', url: hook.url },
    robot: { kind: 'wecom-robot', url: wecom.url('robot') },
  };
  for (const [name, channel] of Object.entries(channels)) {
    await world.api.must('PUT', `/api/v1/channels/${name}`, channel);
    const notify = { channels: [name] };
    await world.api.must('PUT', `/api/v1/jobs/paused-${name}`, world.check('loud', { ...once, notify }));
  }
  for (const onLost of ['retry', 'close']) {
    const drill = { url: witness.url, workMs: 1500, callMs: 15_000 };
    const job = { kind: 'drill', title: onLost, onLost, ...once, drill };
    await world.api.must('PUT', `/api/v1/jobs/paused-${onLost}`, job);
  }
  if (Date.now() > dueAt) throw new Error('the jobs were defined too late');
}

/**
 * Stops the only worker when one message waits for its connection, two have arrived and their answers are on their way,
 * and two runs have told of their end; another host takes everything over; then the worker goes on.
 */
async function pauseInTheMiddle(): Promise<Paused> {
  hook.behave(slow, 1);
  wecom.behave(slow, 1);
  await eventually('both drills have begun', () => phases().length === 2, 20_000);
  witness.behave(slow, 2);
  const there = () => door.waiting().length === 1 && hook.taken.length === 1 && wecom.messages.length === 1;
  await eventually('everything is in the middle', () => there() && phases().length === 4, 4000);
  const [pid = 0] = a.workerPids();
  process.kill(pid, 'SIGSTOP');
  const before = await deliveries();
  const [port = 0] = door.waiting();
  door.open();
  await eventually('its kernel has connected it', () => door.arrived.has(port), 20_000);
  await world.host('b', { workers: 1, env }).start();
  const after = await eventually('every message is sent', sentByOther, 30_000);
  const runs = await eventually('every run has ended', endedRuns, 30_000);
  const calls = count();
  process.kill(pid, 'SIGCONT');
  await eventually('it finds each of the three messages lost', () => eventsOf('delivery.lost') === 3, 20_000);
  await eventually('it is a member anew', () => eventsOf('member.leaseRegained') === 1, 20_000);
  return { before, after, runs, calls };
}

const eventsOf = (name: string) => a.events().filter(({ event }) => event === name).length;
const count = () => behindDoor.calls.length + hook.calls.length + wecom.requestCount + witness.calls.length;
const told = z.object({ occurrence: z.string(), fence: z.number(), phase: z.enum(['start', 'end']) });

/** `start#1` and so on, of both drills or one. */
function phases(name = ''): string[] {
  const events = witness.taken.map(call => told.parse(call.body));
  return events.filter(one => one.occurrence.includes(name)).map(one => `${one.phase}#${one.fence}`);
}

async function deliveries(): Promise<Record<string, DeliveryDoc>> {
  const stored = await world.database
    .collection(deliveryModel)
    .find({ job: /^paused-/ })
    .toArray();
  return Object.fromEntries(stored.map(one => deliveryModel.schema.parse(one)).map(one => [one.channel, one]));
}

async function sentByOther() {
  const found = await deliveries();
  return Object.values(found).every(one => one.state === 'sent' && one.fence > 1) && found;
}

async function endedRuns() {
  const runs = await runsOf(world.database, 'paused-');
  return runs.every(run => run.finishedAt !== null) && Object.fromEntries(runs.map(run => [run.job, run]));
}

describe('a worker that stands still in the middle of everything, and goes on when others have done its work', () => {
  it('had claimed three messages, and could write of none what became of it', () => {
    for (const name of ['connecting', 'answered', 'robot']) {
      expect(paused.before[name]).toMatchObject({ state: 'sending', fence: 1 });
    }
  });

  it('hands nothing over on a connection that came to stand meanwhile: the message has arrived once, from the other', () => {
    expect(behindDoor.calls.map(({ id, fence }) => [id, fence])).toEqual([[paused.before['connecting']?._id, 3]]);
  });

  it('repeats to a receiver that knows keys what may not have arrived: with the same key, under a higher fence', () => {
    // The take-over raises the fence, and the next claim.
    const id = paused.before['answered']?._id;
    expect(hook.calls.map(call => [call.id, call.fence])).toEqual([
      [id, 1],
      [id, 3],
    ]);
  });

  it('repeats to a robot only what says of itself that it may be a duplicate', () => {
    const marked = wecom.messages.map(({ content }) => /possible duplicate/i.test(content));
    expect(marked).toEqual([false, true]);
    expect(paused.after['robot']).toMatchObject({ possibleDuplicate: true });
  });

  it('has its `retry` run executed again under the next fence, and its `close` run ended as lost', () => {
    expect(phases('retry')).toEqual(['start#1', 'end#1', 'start#2', 'end#2']);
    expect(paused.runs['paused-retry']).toMatchObject({ state: 'succeeded', fence: 2, lostCount: 1 });
    expect(phases('close')).toEqual(['start#1', 'end#1']);
    expect(paused.runs['paused-close']).toMatchObject({ state: 'lost', fence: 2 });
    const keys = witness.calls.map(({ id, fence, body }) => [id, fence, told.parse(body).fence]);
    for (const [id, fence, own] of keys) expect([typeof id, fence]).toEqual(['string', own]);
    expect(new Set(witness.calls.map(({ id }) => id)).size).toBe(2);
  });

  it('changes nothing that the others have written, and tells nobody anything', async () => {
    expect(await deliveries()).toEqual(paused.after);
    expect(await endedRuns()).toEqual(paused.runs);
    expect(count()).toBe(paused.calls);
    expect(a.complaints()).not.toMatch(/unhandled|uncaught|TypeError|ReferenceError/i);
  });
});
