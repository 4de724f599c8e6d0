import type { Document } from 'mongodb';
import { describe, it, vi } from 'vitest';
import { inOrder, outcomeOf } from './alike';
import { day, stored, useStored } from './stored';

vi.mock('mongodb', async () => (await import('./eitherDriver')).eitherDriver());

const { both } = useStored();
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

/** What the same comes to with each stored document. */
async function ofEach(step: (_id: string) => Promise<unknown>): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const { _id } of stored) outcomes.push(await outcomeOf(() => step(_id)));
  return outcomes;
}

describe('the model answers as mongod does', () => {
  it.each(filters.map(filter => [JSON.stringify(filter), filter] as const))(
    'to the filter %s',
    async (what, filter) => {
      await both(what, async things => inOrder((await things.find(filter).toArray()).map(({ _id }) => _id)));
    },
  );

  it('to all filters by count and distinct too', async () => {
    const countable = filters.filter(one => !JSON.stringify(one).includes('$$NOW'));
    await both('count and distinct', async things => {
      const answers: unknown[] = [];
      for (const filter of countable) {
        answers.push([await things.countDocuments(filter, { limit: 3 }), inOrder(await things.distinct('s', filter))]);
      }
      return answers;
    });
  });

  it.each(expressions.map(expression => [JSON.stringify(expression), expression] as const))(
    'to the expression %s',
    async (what, expression) => {
      await both(what, things => ofEach(_id => things.updateOne({ _id }, [{ $set: { out: expression } }])));
    },
  );

  it.each([...updates, ...pipelines].map(update => [JSON.stringify(update), update] as const))(
    'to the update %s',
    async (what, update) => {
      await both(`${what} of each`, things => ofEach(_id => things.updateOne({ _id }, update)));
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
