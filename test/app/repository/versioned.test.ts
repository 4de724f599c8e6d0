import type { Document } from 'mongodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { SchemaVersionError, schemaVersion } from '../../../app/model/schemaVersion';
import { settlementModel } from '../../../app/model/settlement';
import { useDatabase } from '../../support/database';

const { database } = useDatabase();
const collection = database.collection(settlementModel);
const raw = () => database.db.collection<Document & { _id: string }>(settlementModel.collection);
const stored = (_id: string) => raw().findOne({ _id });

beforeEach(async () => {
  await raw().deleteMany({});
  database.written.version = 1;
});

type Write = (_id: string) => Promise<unknown>;

const writes: [string, Write][] = [
  ['insertOne', _id => collection.insertOne({ _id })],
  ['insertMany', _id => collection.insertMany([{ _id }], { ordered: false })],
  ['updateOne', _id => collection.updateOne({ _id }, { $set: { a: 1 } }, { upsert: true })],
  ['updateOne that only inserts', _id => collection.updateOne({ _id }, { $setOnInsert: { a: 1 } }, { upsert: true })],
  ['updateOne with $max', _id => collection.updateOne({ _id }, { $max: { a: 1 } }, { upsert: true })],
  ['updateOne by pipeline', _id => collection.updateOne({ _id }, [{ $set: { a: 1 } }], { upsert: true })],
  ['updateMany', _id => collection.updateMany({ _id }, { $set: { a: 1 } }, { upsert: true })],
  ['findOneAndUpdate', _id => collection.findOneAndUpdate({ _id }, { $set: { a: 1 } }, { upsert: true })],
  ['findOneAndUpdate by pipeline', _id => collection.findOneAndUpdate({ _id }, [{ $set: { a: 1 } }], { upsert: true })],
  ['replaceOne', _id => collection.replaceOne({ _id }, { a: 1 }, { upsert: true })],
  ['findOneAndReplace', _id => collection.findOneAndReplace({ _id }, { a: 1 }, { upsert: true })],
  ['bulkWrite of an insert', _id => collection.bulkWrite([{ insertOne: { document: { _id } } }])],
  [
    'bulkWrite of an update',
    _id => collection.bulkWrite([{ updateOne: { filter: { _id }, update: { $set: { a: 1 } }, upsert: true } }]),
  ],
  [
    'bulkWrite of updates',
    _id => collection.bulkWrite([{ updateMany: { filter: { _id }, update: [{ $set: { a: 1 } }], upsert: true } }]),
  ],
  [
    'bulkWrite of a replacement',
    _id => collection.bulkWrite([{ replaceOne: { filter: { _id }, replacement: { a: 1 }, upsert: true } }]),
  ],
];

describe('a document', () => {
  it.each(writes)('made by %s carries the version that is written', async (_name, write) => {
    database.written.version = 2;
    await write('one');
    expect(await stored('one')).toMatchObject({ v: 2 });
  });

  it.each(writes.filter(([name]) => !/insert/i.test(name)))(
    'of a newer version stays one when %s of an older one changes it',
    async (_name, write) => {
      await raw().insertOne({ _id: 'one', v: 2 });
      await write('one');
      const isWhole = /replace/i.test(_name);
      expect(await stored('one')).toMatchObject({ a: 1, v: isWhole ? 1 : 2 });
    },
  );

  it('without a version gets one with the first change', async () => {
    await raw().insertOne({ _id: 'old' });
    await collection.updateOne({ _id: 'old' }, { $set: { a: 1 } });
    expect(await stored('old')).toMatchObject({ a: 1, v: 1 });
  });

  it('that is replaced keeps the version that the replacement brings', async () => {
    await collection.replaceOne({ _id: 'one' }, { v: 2 }, { upsert: true });
    expect(await stored('one')).toEqual({ _id: 'one', v: 2 });
  });

  it('that exists is left as it is by what only inserts', async () => {
    await raw().insertOne({ _id: 'one', v: 1 });
    database.written.version = 2;
    const result = await collection.updateOne({ _id: 'one' }, { $setOnInsert: { a: 1 } }, { upsert: true });
    expect(result.modifiedCount).toBe(0);
    expect(await stored('one')).toEqual({ _id: 'one', v: 1 });
  });

  it('cannot be made by a way that leaves the version out', () => {
    expect(() => collection.initializeUnorderedBulkOp()).toThrow('bulkWrite');
  });
});

const reads: [string, () => Promise<unknown>][] = [
  ['findOne', () => collection.findOne({ _id: 'one' })],
  ['find', () => collection.find({ _id: 'one' }).sort({ _id: 1 }).limit(1).toArray()],
  ['findOneAndUpdate', () => collection.findOneAndUpdate({ _id: 'one' }, { $set: { a: 1 } })],
  [
    'an iteration',
    async () => {
      const found: unknown[] = [];
      for await (const document of collection.find({ _id: 'one' })) found.push(document);
      return found;
    },
  ],
];

describe('reading', () => {
  it.each(reads)('by %s takes a document of the next version', async (_name, read) => {
    await raw().insertOne({ _id: 'one', v: schemaVersion + 1, unknown: true });
    expect(JSON.stringify(await read())).toContain('unknown');
  });

  it.each(reads)('by %s refuses one that is newer, and says what to do', async (_name, read) => {
    await raw().insertOne({ _id: 'one', v: schemaVersion + 2 });
    await expect(read()).rejects.toThrow(SchemaVersionError);
    await expect(read()).rejects.toThrow(/3.*reads up to 2.*docs\/guide\/upgrading\.md/);
  });
});
