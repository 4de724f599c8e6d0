import { budgetModel } from '../model/delivery';
import type { Database } from './database';

/** `limit` remote messages in any span of `windowMs`. */
export interface BudgetLimit {
  key: string;
  limit: number;
  windowMs: number;
}

export type Taken = { granted: true } | { granted: false; retryAfterMs: number };

const shortestWaitMs = 100;

/** Places of each robot's running window, shared by all members; every time is MongoDB's. */
export class Budgets {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(budgetModel);
  }

  /** Takes one place per id, all or none; an id that has its place already keeps it. */
  async take({ key, limit, windowMs }: BudgetLimit, ids: readonly string[]): Promise<Taken> {
    const missing = { $setDifference: [{ $literal: ids }, '$places.id'] };
    const fits = {
      $and: [
        { $lte: [{ $ifNull: ['$heldUntil', '$$NOW'] }, '$$NOW'] },
        { $lte: [{ $add: [{ $size: '$places' }, { $size: missing }] }, Math.max(limit, ids.length)] },
      ],
    };
    const added = { $map: { input: missing, as: 'id', in: { id: '$$id', at: '$$NOW' } } };
    const stored = await this.collection.findOneAndUpdate(
      { _id: key },
      [
        { $set: { now: '$$NOW', heldUntil: { $ifNull: ['$heldUntil', null] }, places: younger(windowMs) } },
        { $set: { places: { $cond: [fits, { $concatArrays: ['$places', added] }, '$places'] } } },
      ],
      { upsert: true, returnDocument: 'after' },
    );
    const { places, heldUntil, now } = budgetModel.schema.parse(stored);
    const has = new Set(places.map(place => place.id));
    const held = heldUntil === null ? 0 : heldUntil.getTime() - now.getTime();
    if (held <= 0 && ids.every(id => has.has(id))) return { granted: true };
    const needed = places.length + ids.length - Math.max(limit, ids.length);
    const freeing = places.map(place => place.at.getTime() + windowMs - now.getTime()).sort((a, b) => a - b);
    return { granted: false, retryAfterMs: Math.max(held, freeing[needed - 1] ?? 0, shortestWaitMs) };
  }

  /** Frees places that were not used. */
  async giveBack(key: string, ids: readonly string[]): Promise<void> {
    await this.collection.updateOne({ _id: key }, [
      {
        $set: {
          places: { $filter: { input: '$places', cond: { $not: [{ $in: ['$$this.id', { $literal: ids }] }] } } },
        },
      },
    ]);
  }

  /** The window of a place counts from when the remote was done with the message, not from when the place was taken. */
  async used(key: string, ids: readonly string[]): Promise<void> {
    const stamped = { $cond: [{ $in: ['$$this.id', { $literal: ids }] }, { id: '$$this.id', at: '$$NOW' }, '$$this'] };
    await this.collection.updateOne({ _id: key }, [{ $set: { places: { $map: { input: '$places', in: stamped } } } }]);
  }

  /** Nobody gets a place before this span is over: the remote says that its limit is reached. */
  async hold(key: string, spanMs: number): Promise<void> {
    const until = { $max: ['$heldUntil', { $add: ['$$NOW', spanMs] }] };
    await this.collection.updateOne(
      { _id: key },
      [{ $set: { heldUntil: until, places: { $ifNull: ['$places', []] }, now: '$$NOW' } }],
      { upsert: true },
    );
  }
}

function younger(windowMs: number) {
  const from = { $subtract: ['$$NOW', windowMs] };
  return { $filter: { input: { $ifNull: ['$places', []] }, cond: { $gt: ['$$this.at', from] } } };
}
