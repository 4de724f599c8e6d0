import type { Collection, Document } from 'mongodb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { expectAlike, inOrder, outcomeOf } from './alike';
import { useWorlds } from './worlds';

vi.mock('mongodb', async () => (await import('./eitherDriver')).eitherDriver());

type Fields = { _id: string; [field: string]: unknown };
type Step = (things: Collection<Fields>) => unknown;

const worlds = useWorlds();
// A collection with a unique index over closeName where it is there and the document has not ended.
// What a crash would leave of it is no matter here.
const quick = { writeConcern: { w: 1, journal: false } };
const [mongod, model] = worlds.map(({ database }) => database.db.collection<Fields>('mutes', quick));
const day = (n: number) => new Date(Date.UTC(2026, 0, n));

const stored: Fields[] = [
  { _id: 'a', n: 1, s: 'x', at: day(1), list: ['p', 'q'], deep: { on: true, inner: { n: 1 } }, none: null },
  { _id: 'b', n: 2.5, s: 'y', at: day(2), list: [], deep: { on: false }, closeName: 'b', ended: false },
  {
    _id: 'c',
    n: -3,
    s: 'é',
    at: day(3),
    items: [
      { id: 'i', at: day(1) },
      { id: 'j', at: day(5) },
    ],
    ended: false,
  },
  { _id: 'd', n: '1', s: '𝒳', list: ['q', 7], lanes: ['one'], closeName: 'd', ended: true },
  { _id: 'e', s: '\uffee', list: [['p']], none: 0, deep: { inner: null } },
];

beforeEach(async () => {
  for (const things of [mongod, model]) {
    await things?.deleteMany({});
    await things?.insertMany(structuredClone(stored));
  }
});

/** Does the same to both and expects the same answer or error, and the same documents afterwards. */
async function both(what: string, step: Step): Promise<void> {
  if (mongod === undefined || model === undefined) throw new Error('two worlds');
  const [of, by] = [await outcomeOf(() => step(model)), await outcomeOf(() => step(mongod))];
  expectAlike(of, by, what);
  const all = async (things: Collection<Fields>) => inOrder(await things.find({}).toArray());
  expectAlike(await all(model), await all(mongod), `documents after ${what}`);
}

const now = '$$NOW';
const due = { $lte: ['$at', now] };

const filters: Document[] = [
  {},
  { n: 1 },
  { n: undefined, s: 'x' },
  { none: null },
  { missing: null },
  { none: { $ne: null } },
  { missing: { $ne: null } },
  { n: { $in: [1, '1', null] } },
  { none: { $in: [null, 0] } },
  { s: { $nin: ['x', 'y'] } },
  { list: 'q' },
  { list: ['p', 'q'] },
  { list: [] },
  { list: { $in: ['p'] } },
  { list: { $nin: ['q'] } },
  { list: { $ne: 'q' } },
  { 'list.0': { $exists: true } },
  { 'list.0': { $exists: false } },
  { 'list.1': 'q' },
  { 'lanes.0': { $exists: true } },
  { 'deep.on': true },
  { 'deep.on': { $exists: false } },
  { 'deep.inner.n': 1 },
  { 'deep.inner.n': null },
  { 'deep.inner.n': { $ne: 1 } },
  { deep: { on: false } },
  { deep: { on: true } },
  { deep: { inner: { n: 1 }, on: true } },
  { 'items.at': { $lt: day(2) } },
  { 'items.at': { $gt: day(2), $lt: day(4) } },
  { 'items.id': { $in: ['j'] } },
  { at: { $lte: day(2) } },
  { at: day(2) },
  { at: { $gte: day(2), $lt: day(3) } },
  { n: { $gt: 0 } },
  { n: { $gt: '' } },
  { s: { $gt: 'x' } },
  { s: { $gte: '𝒳' } },
  { s: { $lt: '𝒳' } },
  { s: { $exists: true, $gt: 'é' } },
  { n: { $not: { $gt: 0 } } },
  { $or: [{ n: 1 }, { s: 'y' }], at: { $exists: true } },
  { $and: [{ $or: [{ n: 1 }, { n: 2.5 }] }, { at: { $gt: day(1) } }] },
  { $nor: [{ n: 1 }, { list: { $exists: true } }] },
  { $expr: due },
  { $expr: { $gt: ['$at', now] } },
  { $expr: { $or: [{ $eq: ['$none', null] }, { $gt: ['$n', 2] }] } },
  { $or: [{ at: null }, { $expr: due }] },
  { s: { $regex: '^x' } },
  { _id: { $in: ['e', 'b', 'zz'] } },
  { _id: { $gt: 'b' }, closeName: { $exists: true } },
  { closeName: 'd', ended: false },
  { closeName: 'b', ended: false },
  { closeName: { $in: ['b', 'd'] } },
];

const expressions: unknown[] = [
  '$n',
  '$deep.inner.n',
  '$items.id',
  '$list',
  '$missing',
  [1, '$s', '$missing'],
  { a: '$s', b: '$missing', c: 1 },
  {},
  null,
  { $literal: '$s' },
  { $literal: { a: '$s' } },
  { $ifNull: ['$none', 'else'] },
  { $ifNull: ['$missing', '$none', 'else'] },
  { $ifNull: ['$missing', '$none'] },
  { $add: ['$at', 86_400_000] },
  { $add: ['$at', 0.6] },
  { $add: [1, 2.5, 3] },
  { $add: ['$missing', 1] },
  { $add: ['$s', 1] },
  { $subtract: ['$at', day(1)] },
  { $subtract: ['$at', 1000] },
  { $subtract: [7, 2] },
  { $subtract: ['$none', 2] },
  { $max: ['$n', 2] },
  { $max: ['$at', day(2)] },
  { $max: ['$missing', '$none'] },
  { $max: ['$missing', 4] },
  { $max: ['$none', now, '$missing'] },
  { $min: ['$n', 2, '$missing'] },
  { $cond: [{ $eq: ['$none', null] }, 'null', 'not null'] },
  { $cond: [{ $eq: ['$missing', null] }, 'null', 'not null'] },
  { $cond: ['$n', 'truthy', 'falsy'] },
  { $cond: ['$none', 'truthy', 'falsy'] },
  { $cond: [{ $not: ['$missing'] }, 'not', '$missing'] },
  { $cond: [{ $not: { $in: ['$s', ['x', 'y']] } }, 'out', 'in'] },
  { $and: [{ $lte: ['$missing', now] }, { $ne: ['$s', 'x'] }] },
  { $or: [{ $gt: ['$missing', null] }, { $gte: ['$n', '$s'] }] },
  { $lt: ['$n', '$s'] },
  { $eq: ['$deep', { on: false }] },
  { $concat: ['$s', '/', '$_id'] },
  { $concat: ['$s', '$missing'] },
  { $concat: ['$s', '$at'] },
  { $type: '$missing' },
  { $type: '$lanes' },
  { $type: '$list' },
  { $size: { $ifNull: ['$list', []] } },
  { $size: '$list' },
  { $in: ['q', { $ifNull: ['$list', []] }] },
  { $in: ['q', '$s'] },
  { $concatArrays: [{ $ifNull: ['$list', []] }, ['more']] },
  { $concatArrays: ['$list', ['more']] },
  { $setDifference: [{ $literal: ['i', 'k', 'k'] }, { $ifNull: ['$items.id', []] }] },
  { $setDifference: [['i'], '$items.id'] },
  { $filter: { input: '$items', cond: { $gt: ['$$this.at', day(2)] } } },
  { $filter: { input: '$list', cond: { $not: { $in: ['$$this', ['q']] } } } },
  { $filter: { input: '$s', cond: true } },
  { $map: { input: '$items', as: 'item', in: { id: '$$item.id', s: '$s' } } },
  { $map: { input: '$list', in: { $cond: [{ $eq: ['$$this', 'q'] }, '$$this.x', '$$this'] } } },
];

const updates: Document[] = [
  { $set: { n: 9, 'deep.inner.m': 3 } },
  { $set: { n: 1 } },
  { $set: { 'fresh.deep.er': day(9), gone: undefined } },
  { $unset: { s: '', 'deep.on': '', 'no.such': '' } },
  { $inc: { n: 1 } },
  { $inc: { count: 2, 'deep.inner.n': -1.5 } },
  { $inc: { none: 1 } },
  { $max: { n: 2, at: day(2), fresh: 1 } },
  { $min: { n: 2, at: day(2), fresh: 1 } },
  { $max: { s: 1 } },
  { $push: { lanes: 'two' } },
  { $push: { list: { $each: ['r', { a: 1 }] } } },
  { $push: { n: 1 } },
  { $setOnInsert: { s: 'no' }, $set: { t: 1 } },
  { $set: { n: 1 }, $inc: { n: 1 } },
  { $set: { deep: 1, 'deep.on': 2 } },
  { $set: { _id: 'other' } },
  { $set: { ended: false, closeName: 'b' } },
];

const pipelines: Document[][] = [
  [{ $set: { n: { $add: ['$n', 1] }, at: now } }],
  [{ $set: { deep: { on: 'changed', more: '$s' } } }],
  [{ $set: { 'deep.inner.n': 4, plain: { a: { b: '$s' } } } }],
  [{ $set: { none: { a: '$s' }, s: '$missing' } }],
  [{ $set: { a: '$s' } }, { $set: { b: '$a', a: 2 } }],
  [{ $set: { a: '$s', s: '$_id' } }],
  [{ $unset: 's' }],
  [{ $unset: ['s', 'deep.on', 'no.such'] }],
  [{ $set: { n: '$n' } }],
  [{ $set: { _id: 'other' } }],
  [{ $set: { a: 1, 'a.b': 2 } }],
  [{ $set: { ended: false, closeName: 'b' } }],
  [{ $set: { v: { $max: ['$v', 2] } } }],
];

describe('the model answers as mongod does', () => {
  it.each(filters.map(filter => [JSON.stringify(filter), filter] as const))(
    'to the filter %s',
    async (what, filter) => {
      await both(what, async things => inOrder((await things.find(filter).toArray()).map(({ _id }) => _id)));
    },
  );

  it('to all filters by count and distinct too', async () => {
    for (const filter of filters.filter(one => !JSON.stringify(one).includes('$$NOW'))) {
      await both(JSON.stringify(filter), async things => [
        await things.countDocuments(filter, { limit: 3 }),
        inOrder(await things.distinct('s', filter)),
      ]);
    }
  });

  it.each(expressions.map(expression => [JSON.stringify(expression), expression] as const))(
    'to the expression %s',
    async (what, expression) => {
      for (const { _id } of stored) {
        await both(`${what} of ${_id}`, things => things.updateOne({ _id }, [{ $set: { out: expression } }]));
      }
    },
  );

  it.each([...updates, ...pipelines].map(update => [JSON.stringify(update), update] as const))(
    'to the update %s',
    async (what, update) => {
      for (const { _id } of stored) await both(`${what} of ${_id}`, things => things.updateOne({ _id }, update));
      await both(`${what} of all`, things => things.updateMany({ _id: { $in: ['a', 'c', 'd'] } }, update));
      await both(`${what} that finds one`, things =>
        things.findOneAndUpdate({ n: 1 }, update, { returnDocument: 'after', sort: { _id: 1 } }),
      );
      await both(`${what} that makes one`, things =>
        things.updateOne({ _id: 'new', s: 'z' }, update, { upsert: true }),
      );
      await both(`${what} that finds or makes one`, things =>
        things.findOneAndUpdate({ _id: 'newer', 'deep.on': true }, update, { upsert: true, returnDocument: 'after' }),
      );
    },
  );

  it.each<Record<string, 1 | -1>>([
    { s: 1 },
    { s: -1 },
    { n: 1, _id: -1 },
    { at: -1, _id: 1 },
    { 'deep.on': 1, s: 1 },
    { none: 1, _id: 1 },
  ])('in the order %j, with pages and projections', async sort => {
    await both('all', things => things.find({}).sort(sort).toArray());
    await both('a page', things => things.find({}).sort(sort).skip(1).limit(2).toArray());
    await both('fields', things => things.find({}).sort(sort).project({ s: 1, 'deep.on': 1 }).toArray());
    await both('the first', things => things.findOne({}, { sort: sort, projection: { _id: 1 } }));
    await both('batches', things => things.find({}).sort(sort).batchSize(2).toArray());
  });

  it('to groups', async () => {
    const stages = [{ $match: { _id: { $gt: '' } } }, { $sort: { ended: 1, _id: -1 } }];
    const group = { $group: { _id: '$ended', first: { $first: '$s' }, none: { $first: '$missing' } } };
    await both('group', async things => inOrder(await things.aggregate([...stages, group]).toArray()));
  });

  it('to a hint of an index that is none', async () => {
    await both('hint', things => things.find({ n: 1 }).hint('nothing').toArray());
    await both('hint', things => things.aggregate([{ $match: { n: 1 } }], { hint: 'nothing' }).toArray());
  });
});

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
    await model?.insertOne(given);
    given.list[0]?.at.setFullYear(1999);
    const read = await model?.findOne({ _id: 'own' });
    expect(read).toStrictEqual({ _id: 'own', list: [{ at: day(1) }] });
    Object.assign(read ?? {}, { list: [] });
    expect(await model?.findOne({ _id: 'own' })).toStrictEqual({ _id: 'own', list: [{ at: day(1) }] });
  });

  it('has undefined in no field, and null for it in a list', async () => {
    await both('undefined', async things => {
      await things.insertOne({ _id: 'u', no: undefined, deep: { no: undefined }, list: [undefined, 1] });
      return await things.findOne({ _id: 'u' });
    });
  });
});
