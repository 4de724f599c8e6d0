import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, LocalServer, type Received } from '../../../tools/demo/localServer';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { WatchedAgent, type WatchedAgentOptions } from '../../support/watchedAgent';

class Switch extends LocalServer {
  readonly calls: Received[] = [];

  protected handle(request: Received, told: Answer | null): Answer {
    this.calls.push(request);
    return told ?? { status: 200, body: 'OK' };
  }
}

const { database, url } = useDatabase();
const outcomes = async (agent: WatchedAgent) =>
  (await agent.metrics.registry.metrics()).split('\n').filter(line => line.startsWith('watchbell_heartbeats_total'));

let server: Switch;
let agent: WatchedAgent | null = null;
let dir: string;

beforeEach(async () => {
  server = new Switch();
  await server.start();
  dir = await mkdtemp(path.join(tmpdir(), 'wb-beat-'));
});

afterEach(async () => {
  await agent?.stop();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
  for (const name of ['members', 'deliveries']) await database.db.collection(name).deleteMany({});
});

function start(over: Partial<WatchedAgentOptions> = {}): WatchedAgent {
  const heartbeatUrl = `${server.origin}/ping/secret-token`;
  agent = new WatchedAgent({ url, hostId: 'a', dir, heartbeatUrl, ...over }).start();
  return agent;
}

/** A delivery that was due at this time and that nobody has attempted. */
async function storeDelivery(nextAttemptAt: Date): Promise<void> {
  const delivery = { _id: 'x:1:web', state: 'pending', channel: 'web', createdAt: nextAttemptAt, nextAttemptAt };
  await database.db.collection<typeof delivery>('deliveries').insertOne(delivery);
}

describe('the heartbeat URL', () => {
  it('is called by GET, over and over, while everything works', async () => {
    const one = start();
    await eventually('three calls', () => server.calls.length >= 3);
    expect(server.calls[0]).toMatchObject({ method: 'GET', url: new URL('http://local/ping/secret-token') });
    expect((await outcomes(one)).join()).toContain('outcome="ok"');
  });

  it('is not called while deliveries are due and nobody sends them, and again afterwards', async () => {
    await storeDelivery(new Date(Date.now() - 70_000));
    const one = start();
    await eventually('withheld', () =>
      one.log.lines.some(({ fields }) => String(fields['reason']).startsWith('deliveries')),
    );
    expect(server.calls).toEqual([]);
    await database.db.collection('deliveries').deleteMany({});
    await eventually('called', () => server.calls.length > 0);
  });

  it('is called while a delivery waits for its next attempt', async () => {
    await storeDelivery(new Date(Date.now() + 60_000));
    start();
    await eventually('called', () => server.calls.length > 0);
  });

  it('is not called by a host without workers', async () => {
    const one = start({ worker: false });
    await eventually('withheld', () =>
      one.log.lines.some(({ fields }) => fields['reason'] === 'no worker of this host answers'),
    );
    await sleep(700);
    expect(server.calls).toEqual([]);
    expect((await outcomes(one)).join()).toContain('outcome="withheld"');
  });

  it('that fails is logged and counted, without its address', async () => {
    const one = start();
    server.behave({ type: 'answer', answer: { status: 500, body: 'no' } });
    await eventually('logged', () => one.log.lines.some(({ fields }) => fields['error'] === 'HTTP 500'));
    await server.stop();
    await eventually('logged', () =>
      one.log.lines.some(({ fields }) => String(fields['error']).includes('ECONNREFUSED')),
    );
    expect((await outcomes(one)).join()).toContain('outcome="failed"');
    expect(JSON.stringify(one.log.lines)).not.toContain('secret-token');
  });

  it('that answers with a redirect is not followed', async () => {
    const one = start();
    server.behave({ type: 'answer', answer: { status: 302, headers: { location: '/elsewhere' }, body: '' } });
    await eventually('logged', () => one.log.lines.some(({ fields }) => fields['error'] === 'HTTP 302'));
    expect(server.calls.every(({ url: called }) => called.pathname !== '/elsewhere')).toBe(true);
  });

  it('in a refused range is never called', async () => {
    const one = start({ heartbeatUrl: 'http://169.254.169.254/latest/meta-data' });
    await eventually('refused', () =>
      one.log.lines.some(({ fields }) => String(fields['error']).includes('link-local')),
    );
  });
});
