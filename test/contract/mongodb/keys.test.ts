import { describe, expect, it, vi } from 'vitest';
import { day, type Fields, type Step, useStored } from './stored';

vi.mock('mongodb', async () => (await import('./eitherDriver')).eitherDriver());

const { model, both } = useStored();

describe('unique keys', () => {
  const fresh = (_id: string, over: object = {}): Fields => ({ _id, ...over });

  it.each<[string, Step]>([
    ['insertOne of an _id', things => things.insertOne(fresh('a'))],
    ['insertOne of a key', things => things.insertOne(fresh('z', { closeName: 'b', ended: false }))],
    [
      'insertOne of a key that the index leaves out',
      things => things.insertOne(fresh('z', { closeName: 'd', ended: true })),
    ],
    [
      'insertMany, unordered',
      things =>
        things.insertMany([fresh('y'), fresh('a'), fresh('z', { closeName: 'b', ended: false }), fresh('x')], {
          ordered: false,
        }),
    ],
    ['insertMany, ordered', things => things.insertMany([fresh('y'), fresh('a'), fresh('x')])],
    ['insertMany that meets itself', things => things.insertMany([fresh('y'), fresh('y')], { ordered: false })],
    ['insertMany', things => things.insertMany([fresh('y'), fresh('x')], { ordered: false })],
    ['updateOne', things => things.updateOne({ _id: 'c' }, { $set: { closeName: 'b' } })],
    [
      'updateMany',
      things => things.updateMany({ _id: { $in: ['a', 'c'] } }, { $set: { closeName: 'b', ended: false } }),
    ],
    ['findOneAndUpdate', things => things.findOneAndUpdate({ _id: 'c' }, [{ $set: { closeName: 'b' } }])],
    ['upsert', things => things.updateOne({ _id: 'a', n: 77 }, { $set: { t: 1 } }, { upsert: true })],
    [
      'findOneAndUpdate that makes one',
      things => things.findOneAndUpdate({ _id: 'a', n: 77 }, { $set: { t: 1 } }, { upsert: true }),
    ],
    ['replaceOne', things => things.replaceOne({ _id: 'c' }, { closeName: 'b', ended: false })],
    [
      'a key that moves',
      async things => {
        await things.updateOne({ _id: 'b' }, { $set: { ended: true } });
        return await things.insertOne(fresh('z', { closeName: 'b', ended: false }));
      },
    ],
    [
      'a key that goes with its document',
      async things => {
        await things.deleteOne({ _id: 'b' });
        return await things.updateOne({ _id: 'c' }, { $set: { closeName: 'b' } });
      },
    ],
    [
      'bulkWrite, ordered',
      things =>
        things.bulkWrite([
          { insertOne: { document: fresh('y') } },
          { updateOne: { filter: { _id: 'a' }, update: { $set: { t: 1 } } } },
          { updateOne: { filter: { _id: 'q' }, update: { $set: { t: 1 } }, upsert: true } },
          { insertOne: { document: fresh('b') } },
          { insertOne: { document: fresh('x') } },
        ]),
    ],
    [
      'bulkWrite, unordered',
      things =>
        things.bulkWrite(
          [
            { insertOne: { document: fresh('b') } },
            { replaceOne: { filter: { _id: 'q' }, replacement: { t: 1 }, upsert: true } },
            { updateOne: { filter: { _id: 'c' }, update: { $set: { closeName: 'b' } } } },
            { updateOne: { filter: { _id: 'zz' }, update: { $set: { t: 1 } } } },
            { insertOne: { document: fresh('x') } },
          ],
          { ordered: false },
        ),
    ],
  ])('%s', async (what, step) => {
    await both(what, step);
  });

  it.each<[string, Step]>([
    ['replaceOne', things => things.replaceOne({ _id: 'a' }, { t: 1 })],
    ['replaceOne that makes one', things => things.replaceOne({ _id: 'z' }, { t: 1 }, { upsert: true })],
    ['deleteOne of many', things => things.deleteMany({ list: { $exists: true } })],
    ['deleteOne', things => things.deleteOne({ _id: 'a', n: 1 })],
    ['deleteOne of none', things => things.deleteOne({ _id: 'a', n: 2 })],
    ['an update that changes nothing', things => things.updateMany({ n: 1 }, { $set: { s: 'x' } })],
    ['an update that is none', things => things.updateOne({ _id: 'a' }, { n: 2 })],
    ['an empty insertMany', things => things.insertMany([])],
  ])('are no matter to %s', async (what, step) => {
    await both(what, step);
  });
});

describe('what is stored', () => {
  it('is a copy of what was given, and what is read a copy of that', async () => {
    const given = { _id: 'own', list: [{ at: day(1) }] };
    await model.insertOne(given);
    given.list[0]?.at.setFullYear(1999);
    const read = await model.findOne({ _id: 'own' });
    expect(read).toStrictEqual({ _id: 'own', list: [{ at: day(1) }] });
    Object.assign(read ?? {}, { list: [] });
    expect(await model.findOne({ _id: 'own' })).toStrictEqual({ _id: 'own', list: [{ at: day(1) }] });
  });

  it('has undefined in no field, and null for it in a list', async () => {
    await both('undefined', async things => {
      await things.insertOne({ _id: 'u', no: undefined, deep: { no: undefined }, list: [undefined, 1] });
      return await things.findOne({ _id: 'u' });
    });
  });
});
