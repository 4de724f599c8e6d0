import { describe, expect, it, vi } from 'vitest';
import { eitherDriver } from './eitherDriver';
import { useWorlds } from './worlds';

vi.mock('mongodb', () => eitherDriver());

for (const { name, database } of useWorlds()) {
  describe(`${name}: one document`, () => {
    const things = () => database.db.collection<{ _id: string; [field: string]: unknown }>('things');

    it('is stored as it was given, without fields that are undefined', async () => {
      const at = new Date(1_700_000_000_123);
      await things().insertOne({ _id: 'a', n: 1, at, list: [1, { x: null }], no: undefined, deep: { no: undefined } });
      expect(await things().findOne({ _id: 'a' })).toStrictEqual({
        _id: 'a',
        n: 1,
        at,
        list: [1, { x: null }],
        deep: {},
      });
    });

    it('$$NOW', async () => {
      const before = await things().findOneAndUpdate(
        { _id: 'now' },
        [{ $set: { at: '$$NOW', n: { $add: [{ $ifNull: ['$n', 0] }, 1] } } }],
        { upsert: true, returnDocument: 'after' },
      );
      const after = await things().findOneAndUpdate(
        { _id: 'now' },
        [{ $set: { at: '$$NOW', n: { $add: [{ $ifNull: ['$n', 0] }, 1] } } }],
        { upsert: true, returnDocument: 'after' },
      );
      expect([before?.['n'], after?.['n']]).toStrictEqual([1, 2]);
    });
  });
}
