import { startTemporary } from '@watchbell/mongod';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSources } from '../../../../app/source';
import { isOwnServer, Members } from '../../../../app/source/mongodb/members';
import { queryContext } from '../../../contract/source/world';
import { eventually } from '../../../support/eventually';

const loopback = { purpose: 'source', allowNets: [], allowLoopback: true } as const;
const query = { collection: 'numbers', pipeline: [{ $project: { _id: 0, value: 1 } }] };

describe('a replica set whose members point elsewhere', () => {
  let node: Awaited<ReturnType<typeof startTemporary>>;
  let admin: MongoClient;
  const source = createSources().get('mongodb');
  if (source === undefined) throw new Error('mongodb is not registered');

  beforeAll(async () => {
    node = await startTemporary();
    admin = new MongoClient(`mongodb://127.0.0.1:${node.port}/?directConnection=true`);
    await admin.db('shop').collection('numbers').insertOne({ value: 7 });
  });
  afterAll(async () => {
    await source.close();
    await admin.close();
    await node.stop();
  });

  async function setMembers(...hosts: string[]): Promise<void> {
    const { config } = await admin.db('admin').command({ replSetGetConfig: 1 });
    const others = hosts.map((host, index) => ({ _id: index + 1, host, priority: 0, votes: 0 }));
    // A set must not mix names of localhost with others; this notation of 127.0.0.1 is not taken for one.
    const members = [{ ...config.members[0], host: `2130706433:${node.port}` }, ...others];
    await admin
      .db('admin')
      .command({ replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
    await eventually('the members in hello', async () => {
      const hello = await admin.db('admin').command({ hello: 1 });
      return (hello['passives'] ?? []).length === hosts.length;
    });
  }

  const settings = () => ({ url: `mongodb://127.0.0.1:${node.port}/shop?replicaSet=rs0` });

  async function connections(): Promise<number> {
    const all = admin
      .db('admin')
      .aggregate([
        { $currentOp: { allUsers: true, idleConnections: true } },
        { $match: { appName: 'watchbell-source' } },
      ]);
    return (await all.toArray()).length;
  }

  it('is read while all of them are allowed, by one client for the same settings', async () => {
    expect(await source.read(settings(), query, queryContext())).toEqual([{ labels: {}, value: 7 }]);
    const before = await connections();
    for (const _ of [1, 2, 3]) await source.read(settings(), query, queryContext());
    expect(before).toBeGreaterThan(0);
    expect(await connections()).toBe(before);
  });

  it('leaves no connection behind when it is closed, for its settings or for all', async () => {
    await source.close(settings());
    await eventually('no connection', async () => (await connections()) === 0);
    await source.read(settings(), query, queryContext());
    await source.close();
    await eventually('no connection', async () => (await connections()) === 0);
  });

  it.each(['169.254.169.254:27017', '[fe80::1]:27017', '0.0.0.0:27017'])(
    'is refused for the member %s, which is never connected to',
    async member => {
      await setMembers(member);
      const refused = source.read(settings(), query, queryContext());
      await expect(refused).rejects.toMatchObject({ code: 'refused' });
      await expect(refused).rejects.toThrow(/never allowed/);

      const members = new Members(loopback);
      const client = new MongoClient(settings().url, { lookup: members.lookup, serverMonitoringMode: 'poll' });
      const seen = new Set<string>();
      client.on('topologyDescriptionChanged', ({ newDescription }) => {
        for (const name of newDescription.servers.keys()) seen.add(name);
      });
      members.watch(client);
      await client.connect();
      await client.close();
      expect([...seen].sort()).toEqual([`127.0.0.1:${node.port}`, `2130706433:${node.port}`]);
      expect(members.names).toContain(member);
      expect(members.refusal.aborted).toBe(true);
    },
  );

  it('is refused for a name that resolves to a refused address', async () => {
    await setMembers('2851995905:27017');
    for (const _ of [1, 2, 3]) {
      const refused = source.read(settings(), query, queryContext());
      await expect(refused).rejects.toMatchObject({ code: 'refused' });
      await expect(refused).rejects.toThrow('169.254.1.1 (2851995905)');
    }
  });

  it('is read again once its members are in order', async () => {
    await setMembers();
    expect(await source.read(settings(), query, queryContext())).toEqual([{ labels: {}, value: 7 }]);
  });

  it('is not read where it is the database of Watchbell itself, under whatever name', async () => {
    const own = (host: string, database = 'shop') => queryContext({ forbiddenDatabase: { hosts: [host], database } });
    for (const host of [`127.0.0.1:${node.port}`, `localhost:${node.port}`, `[::1]:${node.port}`]) {
      const refused = source.read(settings(), query, own(host));
      await expect(refused).rejects.toMatchObject({ code: 'refused' });
      await expect(refused).rejects.toThrow(/Watchbell's own/);
      await expect(source.test(settings(), own(host, 'Shop'))).rejects.toMatchObject({ code: 'refused' });
    }
    const through = { url: `mongodb://localhost:${node.port}/shop?directConnection=true` };
    await expect(source.read(through, query, own(`127.0.0.1:${node.port}`))).rejects.toMatchObject({ code: 'refused' });
    expect(await source.read(settings(), query, own(`127.0.0.1:${node.port}`, 'watchbell'))).toHaveLength(1);
    expect(await source.read(settings(), query, own('127.0.0.1:1'))).toHaveLength(1);
  });

  it.each([
    'mongodb://%2Ftmp%2Fmongodb-27017.sock/shop',
    'mongodb://169.254.169.254/shop',
    'mongodb://[::]:1,127.0.0.1/shop',
  ])('is refused before anything is connected when the settings themselves say %s', async url => {
    await expect(source.read({ url }, query, queryContext())).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('one of our own servers', () => {
  it('is known by its port too', async () => {
    const own = { hosts: ['10.1.2.3', 'mongo.invalid:27018'], database: 'watchbell' };
    expect(await isOwnServer(['10.1.2.3:27017'], own)).toBe(true);
    expect(await isOwnServer(['[::ffff:10.1.2.3]:27017'], own)).toBe(true);
    expect(await isOwnServer(['10.1.2.3:27018'], own)).toBe(false);
    expect(await isOwnServer(['mongo.invalid:27018'], own)).toBe(true);
    expect(await isOwnServer(['MONGO.invalid:27018'], own)).toBe(true);
  });
});
