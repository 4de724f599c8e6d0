import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../app/repository/database';
import { eventually } from '../../support/eventually';
import { memberOf } from '../../support/members';
import { OwnMongod } from '../../support/ownMongod';
import { WatchedAgent, type WatchedAgentOptions } from '../../support/watchedAgent';
import { WebhookReceiver } from '../../support/webhookReceiver';

const secret = 'correct horse battery staple';
const write = { by: 'test', precondition: { type: 'none' }, dryRun: false } as const;

let mongod: OwnMongod;
let database: Database;
let receiver: WebhookReceiver;
let agents: WatchedAgent[] = [];
let dirs: string[] = [];

beforeAll(async () => {
  mongod = await OwnMongod.start();
  database = new Database({
    url: mongod.url,
    name: 'x',
    operationMs: 5000,
    serverSelectionMs: 3000,
    appName: 'test',
  });
  await database.ensureIndexes();
}, 60_000);

afterAll(async () => {
  await database?.close();
  await mongod?.stop();
});

beforeEach(async () => {
  receiver = new WebhookReceiver(secret);
  await receiver.start();
});

afterEach(async () => {
  await Promise.all(agents.map(agent => agent.stop()));
  await receiver.stop();
  for (const dir of dirs) await rm(dir, { recursive: true, force: true });
  agents = [];
  dirs = [];
  for (const name of ['members', 'selfAlerts', 'channels', 'deliveries'])
    await database.db.collection(name).deleteMany({});
});

async function agent(hostId: string, over: Partial<WatchedAgentOptions> = {}): Promise<WatchedAgent> {
  const dir = over.dir ?? (await mkdtemp(path.join(tmpdir(), 'wb-self-')));
  dirs.push(dir);
  const made = new WatchedAgent({ url: mongod.url, hostId, dir, ...over });
  agents.push(made);
  return made.start();
}

async function defineSelf(by: WatchedAgent, over = {}): Promise<void> {
  await by.definitions().channels.put('self', { kind: 'webhook', url: receiver.url, secret, ...over }, write);
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
/** `firing Watchbell: host b is lost`, in the order of their arrival. */
const told = () =>
  receiver.taken.map(({ body }) =>
    typeof body === 'object' && body !== null && 'kind' in body && 'title' in body ? `${body.kind} ${body.title}` : '',
  );
const kept = (one: WatchedAgent) => eventually('the file is written', () => exists(one.file));

describe('the kept settings of the channel self', () => {
  it('are readable by their owner only and hold nothing in plain text', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await kept(one);
    const text = await readFile(one.file, 'utf8');
    expect((await stat(one.file)).mode & 0o777).toBe(0o600);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('127.0.0.1');
    expect(text).not.toContain('webhook');
  });

  it('follow the definition and go with it', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await kept(one);
    const before = await readFile(one.file, 'utf8');
    await defineSelf(one, { timeoutMs: 4000 });
    await eventually('it is another', async () => (await readFile(one.file, 'utf8')) !== before);
    await one.definitions().channels.delete('self', write);
    await eventually('it is gone', async () => !(await exists(one.file)));
  });

  it('of another key are said to be unreadable and written anew', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await kept(one);
    const { file } = one;
    await one.stop();
    agents = [];
    await database.db.collection('channels').deleteMany({});
    const two = await agent('a', { dir: path.dirname(file), key: 'another key of enough characters' });
    await defineSelf(two);
    const before = await readFile(file, 'utf8');
    await eventually('written anew', async () => (await readFile(file, 'utf8')) !== before);
    expect(two.log.has('selfWatch.fileUnreadable')).toBe(true);
  });
});

describe('MongoDB that goes away', () => {
  it('is told once, by what was kept, and that it works again', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await kept(one);
    await mongod.node.kill();
    await eventually('it rings', () => told().length > 0, 15_000);
    await sleep(2000);
    expect(told()).toEqual(['firing Watchbell: host a has no MongoDB']);
    expect(receiver.calls[0]?.signature).toBe('valid');
    expect(receiver.calls[0]?.rawBody).toContain('Host a cannot renew its lease with MongoDB');
    await mongod.node.restart();
    await eventually('it works again', () => told().length > 1, 15_000);
    await sleep(1500);
    expect(told()).toEqual(['firing Watchbell: host a has no MongoDB', 'resolved Watchbell: host a has no MongoDB']);
    const ids = receiver.taken.map(({ body }) =>
      typeof body === 'object' && body !== null && 'alertId' in body ? body.alertId : '',
    );
    expect(ids[0]).toBe(ids[1]);
  }, 60_000);

  it('is told by an agent that was started meanwhile, and its end by an agent that was started after', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await kept(one);
    const dir = path.dirname(one.file);
    await one.stop();
    await mongod.node.kill();
    const two = await agent('a', { dir });
    await eventually('it rings', () => told().length > 0, 15_000);
    await two.stop();
    agents = [];
    const three = await agent('a', { dir });
    await sleep(2500);
    expect(told()).toEqual(['firing Watchbell: host a has no MongoDB']);
    await mongod.node.restart();
    await eventually('it works again', () => told().length > 1, 15_000);
    expect(told().at(-1)).toBe('resolved Watchbell: host a has no MongoDB');
    await eventually('it knows', () => three.log.has('selfWatch.told'));
  }, 60_000);

  it('is not told when it comes back before the span', async () => {
    const one = await agent('a', { alertAfterMs: 20_000 });
    await defineSelf(one);
    await kept(one);
    await mongod.node.kill();
    await sleep(2000);
    await mongod.node.restart();
    await eventually('renewed', () => one.member.valid && one.member.unbrokenSince !== null, 15_000);
    await sleep(1000);
    expect(told()).toEqual([]);
  }, 60_000);

  it('is told although the receiver does not take the first attempt', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await kept(one);
    receiver.answer(503, {}, 1);
    await mongod.node.kill();
    await eventually('it rings', () => told().length > 0, 25_000);
    expect(receiver.calls.map(({ taken }) => taken)).toEqual([false, true]);
    expect(new Set(receiver.calls.map(({ id }) => id)).size).toBe(1);
    expect(receiver.calls.map(({ fence }) => fence)).toEqual([1, 2]);
    await mongod.node.restart();
    await eventually('it works again', () => told().length > 1, 15_000);
  }, 60_000);
});

describe('a host that is lost', () => {
  /** A host of two members that renews for a while. */
  async function lostHost(hostId: string) {
    const members = (['agent', 'worker'] as const).map(role => memberOf(database, { hostId, role, leaseMs: 1500 }));
    for (const { member } of members) await member.renew();
    return members;
  }

  it('is told by one of two hosts, and once that it works again', async () => {
    const [one] = await Promise.all([agent('a'), agent('b')]);
    await defineSelf(one);
    await lostHost('c');
    await eventually('it rings', () => told().length > 0, 15_000);
    await sleep(2000);
    expect(told()).toEqual(['firing Watchbell: host c is lost']);
    expect(agents.filter(({ log }) => log.has('selfWatch.told'))).toHaveLength(1);
    const again = await lostHost('c');
    const renewing = setInterval(() => void Promise.all(again.map(({ member }) => member.renew())), 300);
    await eventually('it works again', () => told().length > 1, 15_000);
    await sleep(1000);
    clearInterval(renewing);
    expect(told()).toEqual(['firing Watchbell: host c is lost', 'resolved Watchbell: host c is lost']);
  }, 60_000);

  it('is not told when it was stopped in good order', async () => {
    const [one, two] = await Promise.all([agent('a'), agent('b')]);
    await defineSelf(one);
    await kept(one);
    await two.stop();
    agents = [one];
    await sleep(3000);
    expect(told()).toEqual([]);
  }, 30_000);

  it('is told by the other host where the first cannot reach the receiver', async () => {
    const [one] = await Promise.all([agent('a'), agent('b')]);
    receiver.answer(500, {}, 1);
    await defineSelf(one);
    await lostHost('c');
    await eventually('it rings', () => told().length > 0, 30_000);
    // The receiver has it before its answer is there.
    await eventually('a host knows', () => agents.some(({ log }) => log.has('selfWatch.told')));
    expect(agents.filter(({ log }) => log.has('selfWatch.told'))).toHaveLength(1);
    expect(agents.filter(({ log }) => log.has('selfWatch.notTold'))).toHaveLength(1);
    const failed = agents.find(({ log }) => log.has('selfWatch.notTold'));
    expect(failed?.log.has('selfWatch.told')).toBe(false);
  }, 60_000);
});

describe('other troubles', () => {
  it('are told: a broken channel, messages that wait, a wrong clock, a loop that gets nowhere', async () => {
    const one = await agent('a');
    await defineSelf(one);
    await one.definitions().channels.put('ops', { kind: 'webhook', url: 'http://127.0.0.1:9/' }, write);
    const broken = { code: '93000', message: 'no such robot', since: new Date() };
    await database.db.collection<{ _id: string }>('channels').updateOne({ _id: 'ops' }, { $set: { broken } });
    const old = new Date(Date.now() - 600_000);
    await database.db
      .collection<{ _id: string }>('deliveries')
      .insertMany([
        { _id: 'x:1:web', state: 'pending', channel: 'web', createdAt: old, nextAttemptAt: old } as { _id: string },
        { _id: 'x:1:ops', state: 'pending', channel: 'ops', createdAt: old, nextAttemptAt: old } as { _id: string },
      ]);
    const skewed = memberOf(database, { hostId: 'c', role: 'agent', leaseMs: 60_000, skewMaxMs: 500 });
    await memberOf(database, { hostId: 'c', role: 'worker', leaseMs: 60_000 }).member.renew();
    await skewed.member.renew();
    skewed.clocks.stepWall(90_000);
    await skewed.member.renew();
    await skewed.member.renew();
    one.loops = [{ name: 'sweeper', stalledMs: 61_000 }];
    await eventually('all are told', () => told().length >= 4, 25_000);
    expect(told().sort()).toEqual([
      'firing Watchbell: channel ops is broken',
      'firing Watchbell: messages are not delivered',
      'firing Watchbell: the clock of host c is wrong',
      'firing Watchbell: the sweeper of host a gets nowhere',
    ]);
    const text = receiver.taken.map(({ rawBody }) => rawBody).join('\n');
    expect(text).toContain('1 message waits for longer than 5 min. Channels: web.');
  }, 60_000);

  it('go to the log where no channel self is defined', async () => {
    const one = await agent('a');
    one.loops = [{ name: 'sweeper', stalledMs: 61_000 }];
    await eventually('logged', () => one.log.has('selfWatch.noChannel'), 25_000);
    expect(await exists(one.file)).toBe(false);
  }, 40_000);

  it('show a channel self that refuses as broken', async () => {
    const one = await agent('a');
    await defineSelf(one, { secret: 'another secret' });
    await database.db.collection<{ _id: string }>('channels').updateOne({ _id: 'self' }, { $set: { broken: null } });
    one.loops = [{ name: 'sweeper', stalledMs: 61_000 }];
    const broken = await eventually(
      'it is broken',
      async () => (await one.definitions().channels.load('self'))?.broken ?? false,
      25_000,
    );
    expect(broken).toMatchObject({ code: 'http401' });
  }, 40_000);
});
