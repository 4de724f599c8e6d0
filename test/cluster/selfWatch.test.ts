import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalServer, type Received } from '../../tools/demo/localServer';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { OwnMongod } from '../support/ownMongod';
import { WebhookReceiver } from '../support/webhookReceiver';

/** Whom the heartbeat URL calls. */
class Switch extends LocalServer {
  readonly times: number[] = [];

  protected handle({ at }: Received) {
    this.times.push(at.getTime());
    return { status: 200, body: 'OK' };
  }
}

const secret = 'correct horse battery staple';
const receiver = new WebhookReceiver(secret);
const heartbeat = new Switch();
let mongod: OwnMongod;
let world: ClusterWorld;
let host: Host;

beforeAll(async () => {
  await Promise.all([receiver.start(), heartbeat.start()]);
  mongod = await OwnMongod.start();
  world = await new ClusterWorld(mongod.url).prepare();
  const env = {
    WATCHBELL_ALLOW_LOOPBACK: 'true',
    WATCHBELL_SELF_ALERT_AFTER_MS: '5000',
    WATCHBELL_HEARTBEAT_URL: `${heartbeat.origin}/ping/token-of-the-switch`,
    WATCHBELL_HEARTBEAT_INTERVAL_MS: '5000',
  };
  host = await world.host('a', { workers: 1, env }).start();
}, 90_000);

afterAll(async () => {
  await world?.close();
  await mongod?.stop();
  await Promise.all([receiver.stop(), heartbeat.stop()]);
}, 60_000);

const kinds = () =>
  receiver.taken.map(({ body }) => (typeof body === 'object' && body !== null && 'kind' in body ? body.kind : null));

it('an agent rings while MongoDB is away, says that it works again, and beats only while it works', async () => {
  await world.api.must('PUT', '/api/v1/channels/self', { kind: 'webhook', url: receiver.url, secret });
  const file = path.join(host.dataDir, 'self-channel');
  await eventually('it is kept', () => stat(file), 15_000);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).not.toContain(secret);
  await eventually('it beats', () => heartbeat.times.length >= 2, 30_000);

  await mongod.node.kill();
  const from = Date.now();
  await eventually('it rings', () => kinds().length > 0, 30_000);
  expect(Date.now() - from).toBeGreaterThan(4000);
  await mongod.node.restart();
  await eventually('it works again', () => kinds().length > 1, 30_000);
  expect(kinds()).toEqual(['firing', 'resolved']);
  expect(receiver.taken[0]?.rawBody).toContain(`host ${host.options.hostId} has no MongoDB`);

  const headers = { authorization: `Bearer ${world.token}` };
  const text = await (await fetch(`${host.url}/metrics`, { headers })).text();
  expect(text).toMatch(/watchbell_self_messages_total\{[^}]*outcome="told"[^}]*\} 2/);
  expect(text).toMatch(/watchbell_heartbeats_total\{[^}]*outcome="ok"/);
  const log = await readFile(path.join(host.dataDir, 'logs', 'watchbell.log'), 'utf8');
  expect(log).not.toContain('token-of-the-switch');
  expect(host.complaints()).not.toMatch(/unhandled|uncaught|TypeError|ReferenceError/i);
}, 150_000);
