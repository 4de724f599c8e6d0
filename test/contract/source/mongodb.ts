import { MongoClient } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';
import { testDatabaseUrl } from '../../support/database';
import type { SourceWorld } from './world';

/** A database of its own on the run's mongod. */
export function useMongoDbWorld(): () => SourceWorld {
  const url = testDatabaseUrl();
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
  beforeAll(async () => {
    const numbers = Array.from({ length: 10_000 }, (_, n) => ({ _id: n, name: `n${n}`, value: n }));
    await client.db().collection<{ _id: number }>('many').insertMany(numbers);
    const wide = Array.from({ length: 500 }, (_, n) => ({ name: `${n} ${'x'.repeat(3000)}`, value: n }));
    await client.db().collection('wide').insertMany(wide);
  });
  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
  });
  return () => ({
    settings: { url, readPreference: 'primary' },
    wrongCredentials: { settings: { url: withUser(url) }, code: '18' },
    down: { url: 'mongodb://127.0.0.1:1/shop' },
    queries: {
      twoSeries: documents([
        { name: 'a', value: 1 },
        { name: 'b', value: 2.5 },
      ]),
      noRows: { collection: 'many', pipeline: [{ $match: { _id: -1 } }] },
      nullValue: documents([{ name: 'a', value: null }]),
      twoNumbers: documents([{ x: 1, y: 2 }]),
      textValue: documents([{ value: 'many' }]),
      sameLabels: documents([
        { name: 'a', value: 1 },
        { name: 'a', value: 2 },
      ]),
      manyRows: { collection: 'many', pipeline: [{ $unset: '_id' }] },
      manyBytes: { collection: 'wide', pipeline: [{ $unset: '_id' }] },
      slow: {
        collection: 'many',
        pipeline: [...crossed('a'), ...crossed('b'), { $match: { 'b._id': -1 } }, { $count: 'value' }],
      },
      wrong: {
        query: { collection: 'many', pipeline: [{ $match: { $nope: 1 } }] },
        code: '2',
        message: /unknown top level operator/,
      },
    },
    isRunning: async queryId => {
      const operations = client.db('admin').aggregate([{ $currentOp: {} }, { $match: { 'command.comment': queryId } }]);
      return (await operations.toArray()).length > 0;
    },
  });
}

/** A pipeline that answers these documents, whatever the collection holds. */
function documents(rows: Record<string, unknown>[]): unknown {
  const literal = rows.map(row => ({ $literal: row }));
  const pipeline = [
    { $limit: 1 },
    { $project: { row: literal } },
    { $unwind: '$row' },
    { $replaceRoot: { newRoot: '$row' } },
  ];
  return { collection: 'many', pipeline };
}

/** Every document with every other one: more than any limit of time allows. */
function crossed(as: string): Record<string, unknown>[] {
  return [{ $lookup: { from: 'many', pipeline: [{ $project: { _id: 1 } }], as } }, { $unwind: `$${as}` }];
}

function withUser(url: string): string {
  return url.replace(/^mongodb:\/\/([^@/]*@)?/, 'mongodb://nobody:wrong@');
}
