import { describe, expect, it, vi } from 'vitest';
import { attach, MongoClient } from './client';
import { directLink } from './directLink';
import { real } from './real';
import { ModelServer } from './server';
import type { Execute, Link, Operation } from './types';

let hosts = 0;

/** A network that the test breaks: what it does to the next request of a name. */
class BrokenLink implements Link {
  readonly calls: Operation[] = [];
  private readonly faults: { name: string; executed: boolean }[] = [];
  /** Requests that are executed later than their sender waits. */
  readonly late: (() => void)[] = [];
  private readonly through: Link;

  constructor(private readonly server: ModelServer) {
    this.through = directLink(server);
  }

  now(): number {
    return this.through.now();
  }

  lose(name: string, executed: boolean): void {
    this.faults.push({ name, executed });
  }

  async call<T>(operation: Operation, execute: Execute<T>): Promise<T> {
    this.calls.push(operation);
    const at = this.faults.findIndex(({ name }) => name === operation.name);
    if (at < 0) return await this.through.call(operation, execute);
    const [fault] = this.faults.splice(at, 1);
    const run = () => void this.server.serve(execute, () => undefined);
    if (fault?.executed) run();
    else this.late.push(run);
    throw new real.MongoNetworkError('connection closed');
  }
}

function world(over: { now?: () => number } = {}) {
  hosts += 1;
  const server = new ModelServer({ now: over.now ?? (() => 0) });
  const link = new BrokenLink(server);
  attach(`s${hosts}.model`, { server, link });
  const client = new MongoClient(`mongodb://s${hosts}.model/x`, { timeoutMS: 200 });
  return { server, link, client, things: client.db('x').collection('things') };
}

describe('a write whose answer is lost', () => {
  it.each([true, false])('is asked for again and happens once; executed the first time: %s', async executed => {
    const { link, things } = world();
    await things.insertOne({ _id: 'a', n: 0 });
    for (const name of ['update', 'findAndModify', 'insert', 'delete']) link.lose(name, executed);
    expect(await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 1,
    });
    const after = { returnDocument: 'after' as const };
    expect(await things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } }, after)).toEqual({ _id: 'a', n: 2 });
    expect((await things.insertMany([{ _id: 'b' }, { _id: 'c' }], { ordered: false })).insertedCount).toBe(2);
    expect((await things.deleteOne({ _id: 'c' })).deletedCount).toBe(1);
    for (const run of link.late) run();
    expect(await things.find().sort({ _id: 1 }).toArray()).toEqual([{ _id: 'a', n: 2 }, { _id: 'b' }]);
  });

  it('is not asked for again where it changes many', async () => {
    const { link, things } = world();
    link.lose('update', true);
    await expect(things.updateMany({}, { $inc: { n: 1 } })).rejects.toMatchObject({ name: 'MongoNetworkError' });
    expect(link.calls).toHaveLength(1);
  });

  it('of a bulk is told as the driver tells it, with what may have happened unknown', async () => {
    const { link, client, things } = world();
    await client.withSession(async session => {
      session.startTransaction();
      link.lose('insert', false);
      const error: unknown = await things.insertMany([{ _id: 'a' }], { session }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(real.MongoBulkWriteError);
      expect(error instanceof real.MongoError && error.hasErrorLabel('TransientTransactionError')).toBe(true);
    });
  });
});

describe('a commit whose answer is lost', () => {
  it.each([true, false])('twice is an unknown result, and committing again commits; executed: %s', async executed => {
    const { link, client, things } = world();
    await client.withSession(async session => {
      session.startTransaction();
      await things.insertOne({ _id: 'a' }, { session });
      link.lose('commitTransaction', executed);
      link.lose('commitTransaction', false);
      const error: unknown = await session.commitTransaction().catch((thrown: unknown) => thrown);
      expect(error instanceof real.MongoError && error.hasErrorLabel('UnknownTransactionCommitResult')).toBe(true);
      await session.commitTransaction();
    });
    expect(await things.countDocuments()).toBe(1);
  });

  it('of a transaction that an election has ended says so', async () => {
    const { server, client, things } = world();
    await client.withSession(async session => {
      session.startTransaction();
      await things.insertOne({ _id: 'a' }, { session });
      server.election();
      await expect(session.commitTransaction()).rejects.toMatchObject({
        code: 251,
        errorLabels: ['TransientTransactionError'],
      });
    });
    expect(await things.countDocuments()).toBe(0);
  });
});

describe('a transaction whose first request is lost', () => {
  it('and comes late stays open until it is killed, or too old', async () => {
    let now = 0;
    const { link, server, client, things } = world({ now: () => now });
    await things.insertOne({ _id: 'a', n: 1 });
    link.lose('update', false);
    await client.withSession(async session => {
      session.startTransaction();
      await expect(things.updateOne({ _id: 'a' }, { $inc: { n: 1 } }, { session })).rejects.toThrow('closed');
    });
    for (const run of link.late) run();
    expect(server.idleSessions()).toHaveLength(1);
    await expect(things.updateOne({ _id: 'a' }, { $inc: { n: 1 } })).rejects.toMatchObject({
      name: 'MongoOperationTimeoutError',
    });
    now = 60_001;
    expect((await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } })).modifiedCount).toBe(1);
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 2 });
  });
});

describe('a change stream', () => {
  it('tells what is committed from its opening on, once, and goes on after a broken connection', async () => {
    const { link, client, things } = world();
    await things.insertOne({ _id: 'before' });
    const stream = things.watch([], { timeoutMS: 0 });
    const seen: unknown[] = [];
    stream.on('change', ({ operationType, documentKey }) => seen.push([operationType, documentKey._id]));
    await vi.waitFor(() => expect(link.calls.at(-1)?.name).toBe('getMore'));
    link.lose('getMore', false);
    await client.withSession(async session => {
      session.startTransaction();
      await things.insertOne({ _id: 'a' }, { session });
      await things.deleteOne({ _id: 'before' });
      await session.commitTransaction();
    });
    await things.updateOne({ _id: 'a' }, { $set: { n: 1 } });
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    expect(seen).toEqual([
      ['delete', 'before'],
      ['insert', 'a'],
      ['update', 'a'],
    ]);
    await stream.close();
  });

  it('that cannot be opened again ends with the error', async () => {
    const { link, things } = world();
    link.lose('aggregate', false);
    link.lose('aggregate', false);
    const errors: unknown[] = [];
    const stream = things.watch();
    stream.on('error', error => errors.push(error));
    await vi.waitFor(() => expect(errors).toHaveLength(1));
  });
});

describe('what the model does not know', () => {
  it.each<[string, (things: ReturnType<typeof world>['things']) => Promise<unknown>]>([
    ['an operator of a filter', things => things.findOne({ n: { $mod: [2, 0] } })],
    ['an operator of an update', things => things.updateOne({}, { $rename: { n: 'm' } })],
    ['a stage of an update', things => things.updateOne({}, [{ $replaceWith: {} }])],
    ['an expression', things => things.updateOne({}, [{ $set: { n: { $rand: {} } } }])],
    ['a stage of an aggregation', things => things.aggregate([{ $lookup: {} }]).toArray()],
    ['a document without _id', things => things.insertOne({ n: 1 })],
    ['a value', things => things.insertOne({ _id: 'a', n: /x/ })],
  ])('is refused, never ignored: %s', async (_what, ask) => {
    const { things } = world();
    await things.insertOne({ _id: 'one', n: 1 });
    await expect(ask(things)).rejects.toMatchObject({ code: 'unsupportedByModel' });
  });

  it('is refused as an option too', async () => {
    const { things } = world();
    const collated = { upsert: false, collation: 1 };
    const update = things.updateOne({}, { $set: { n: 1 } }, collated);
    await expect(update).rejects.toMatchObject({ code: 'unsupportedByModel' });
    expect(() => new MongoClient('mongodb://nowhere/x')).toThrow('attach');
  });
});
