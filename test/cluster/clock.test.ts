import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { StepClock } from '../../tools/drill/clock';
import { type Host, shortLease } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';
import { runsOf } from '../support/runRecords';
import { WebhookReceiver } from '../support/webhookReceiver';

const wrongMs = 20_000;
const jobs = 4;
const folder = mkdtempSync(path.join(tmpdir(), 'wb-clock-'));
const clock = new StepClock(folder, 'wrong');
const world = new ClusterWorld(testDatabaseUrl());
const receiver = new WebhookReceiver();
let wrong: Host;
let right: Host;

beforeAll(async () => {
  await Promise.all([receiver.start(), world.prepare()]);
  const env = { ...shortLease, WATCHBELL_SELF_ALERT_AFTER_MS: '5000' };
  right = world.host('right', { workers: 1, env });
  wrong = world.host('wrong', { env: { ...env, ...clock.environment() } });
  await Promise.all([right.start(), wrong.start()]);
  await world.api.must('PUT', '/api/v1/channels/self', { kind: 'webhook', url: receiver.url });
  await world.defineNumbers();
  await world.setNumber('calm', 1);
  for (let index = 0; index < jobs; index += 1) {
    await world.api.must('PUT', `/api/v1/jobs/calm-${index}`, world.check('calm', { overlap: 'allow' }));
  }
  await runsBy(wrong, Date.now());
}, 90_000);

afterAll(async () => {
  await world.close();
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const member = z.object({ hostId: z.string(), state: z.string(), clockSkewMs: z.number() });

async function membersOf({ options: { hostId } }: Host) {
  const { members } = z.object({ members: z.array(member) }).parse(await world.api.must('GET', '/api/v1/cluster'));
  return members.filter(one => one.hostId === hostId && one.state !== 'dead');
}

/** Each process of the host stands so in GET /cluster, its clock off by about `ms`. */
async function standsAs(host: Host, state: 'live' | 'suspended', ms: number): Promise<void> {
  await eventually(`its members are ${state} at ${ms} ms`, async () => {
    const members = await membersOf(host);
    const fits = members.every(one => one.state === state && Math.abs(one.clockSkewMs - ms) < 1500);
    return members.length === 3 && fits;
  });
}

/** One figure of the host's /metrics. */
async function figure(host: Host, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${world.token}` };
  const text = await (await fetch(`${host.url}/metrics`, { headers })).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Told of the wrong host's clock: what kinds of messages. */
function told(): unknown[] {
  const ofClock = receiver.taken.filter(({ rawBody }) => rawBody.includes(`clock of host ${wrong.options.hostId}`));
  return ofClock.map(({ body }) => z.object({ kind: z.string() }).parse(body).kind);
}

async function runsBy({ options: { hostId } }: Host, since: number): Promise<void> {
  await eventually(`${hostId} claims`, async () => {
    const runs = await runsOf(world.database, 'calm-');
    return runs.some(run => run.hostId === hostId && run.claimedAt.getTime() > since);
  });
}

it('a host whose clock goes wrong claims nothing, shows it, has it told, and comes back by itself', async () => {
  clock.step(wrongMs);
  await standsAs(wrong, 'suspended', wrongMs);
  const suspendedAt = Date.now();
  expect(await figure(wrong, 'watchbell_suspended')).toBe(1);
  expect(await figure(wrong, 'watchbell_clock_skew_seconds')).toBeCloseTo(wrongMs / 1000, 0);
  expect(await figure(right, 'watchbell_suspended')).toBe(0);
  expect((await membersOf(right)).map(one => one.state)).toEqual(['live', 'live']);
  await eventually('its clock is told of', () => told().length === 1, 20_000);

  clock.step(-wrongMs);
  await standsAs(wrong, 'suspended', -wrongMs);
  expect(await figure(wrong, 'watchbell_clock_skew_seconds')).toBeCloseTo(-wrongMs / 1000, 0);
  await sleep(2000);

  const rightAgainAt = Date.now();
  clock.step(0);
  await standsAs(wrong, 'live', 0);
  expect(await figure(wrong, 'watchbell_suspended')).toBe(0);
  await runsBy(wrong, rightAgainAt);
  await eventually('that it is right again is told', () => told().length === 2, 40_000);
  expect(told()).toEqual(['firing', 'resolved']);
  await expectOnlyTheOther(suspendedAt, rightAgainAt);
}, 120_000);

/** In between the right host has run everything, each occurrence once, whatever the other one's clock said. */
async function expectOnlyTheOther(from: number, to: number): Promise<void> {
  const all = await runsOf(world.database, 'calm-');
  const claimed = all.filter(run => run.claimedAt.getTime() > from && run.claimedAt.getTime() < to);
  expect(new Set(claimed.map(run => run.hostId))).toEqual(new Set([right.options.hostId]));
  const due = all.filter(run => run.scheduledAt.getTime() > from && run.scheduledAt.getTime() < to);
  for (let index = 0; index < jobs; index += 1) {
    const times = due.filter(run => run.job === `calm-${index}`).map(run => run.scheduledAt.getTime());
    const gaps = times.slice(1).map((at, before) => at - (times[before] ?? 0));
    expect(new Set(gaps)).toEqual(new Set([1000]));
    expect(times.length).toBeGreaterThanOrEqual(Math.floor((to - from) / 1000) - 1);
  }
  expect(new Set(due.map(run => run.state))).toEqual(new Set(['succeeded']));
  expect(wrong.complaints()).not.toMatch(/unhandled|uncaught|TypeError|ReferenceError/i);
}
