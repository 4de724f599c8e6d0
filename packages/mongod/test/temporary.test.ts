import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { afterEach, describe, expect, it } from 'vitest';
import { commandLineOf } from '../src/run/processes';
import { startReplicaSet } from '../src/temporary/replicaSet';
import { startStandalone, startTemporary } from '../src/temporary/temporary';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function connect(url: string): Promise<MongoClient> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
  closers.push(() => client.close());
  return await client.connect();
}

describe('a temporary server', () => {
  it('takes transactions, and leaves neither process nor folder at stop', async () => {
    const parent = mkdtempSync(path.join(os.tmpdir(), 'wb-parent-'));
    closers.push(async () => rmSync(parent, { recursive: true }));
    const server = await startTemporary({ parent });
    const client = await connect(server.url);
    await client.withSession(session =>
      session.withTransaction(async () => {
        await client.db('t').collection('a').insertOne({ a: 1 }, { session });
      }),
    );
    expect(readdirSync(parent)).toHaveLength(1);
    const { pid } = server;
    await server.stop();
    expect(await commandLineOf(pid)).toBeNull();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('comes back on the same port with its data after SIGKILL', async () => {
    const server = await startTemporary();
    closers.push(() => server.stop());
    const client = await connect(server.url);
    const rows = client.db('t').collection('a');
    await rows.insertOne({ a: 1 }, { writeConcern: { w: 'majority', j: true } });
    const before = { pid: server.pid, url: server.url };
    await server.kill();
    expect(await commandLineOf(before.pid)).toBeNull();
    await server.restart();
    expect(server.url).toBe(before.url);
    expect(server.pid).not.toBe(before.pid);
    expect(await rows.countDocuments()).toBe(1);
  });

  it('is silent while paused and goes on afterwards', async () => {
    const server = await startTemporary();
    closers.push(() => server.stop());
    const client = await connect(server.url);
    await server.pause();
    await expect(client.db('t').command({ ping: 1 }, { timeoutMS: 500 })).rejects.toThrow(/timed? ?out/i);
    server.resume();
    expect(await client.db('t').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('is no replica set when a standalone is asked for', async () => {
    const server = await startStandalone();
    closers.push(() => server.stop());
    const client = await connect(server.url);
    const hello = await client.db('admin').command({ hello: 1 });
    expect(hello['setName']).toBeUndefined();
  });
});

describe('a temporary replica set', () => {
  it('elects another primary at a step-down and when the primary is killed', async () => {
    const set = await startReplicaSet(3);
    closers.push(() => set.stop());
    const client = await connect(set.url);
    const rows = client.db('t').collection('a');
    await rows.insertOne({ a: 1 }, { writeConcern: { w: 'majority' } });
    const first = await set.primary();
    const second = await set.stepDown();
    expect(second.port).not.toBe(first.port);
    await second.kill();
    const third = await set.primary();
    expect(third.port).not.toBe(second.port);
    await second.restart();
    await rows.insertOne({ a: 2 }, { writeConcern: { w: 3, wtimeoutMS: 15_000 } });
    expect(await rows.countDocuments()).toBe(2);
    await set.stepUp(second);
    expect((await set.primary()).port).toBe(second.port);
  }, 60_000);

  it('stands where it is told to, behind the command that it is told', async () => {
    const set = await startReplicaSet(1, { places: [{ address: '127.0.0.2', prefix: ['env', 'WB_PLACE=here'] }] });
    closers.push(() => set.stop());
    const [node] = set.nodes;
    expect(set.url).toContain(`mongodb://127.0.0.2:${node?.port}/`);
    expect((await connect(set.url)).options.hosts.map(({ host }) => host)).toEqual(['127.0.0.2']);
    expect(readFileSync(`/proc/${node?.pid}/environ`, 'utf8')).toContain('WB_PLACE=here');
  });
});
