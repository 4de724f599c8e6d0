import type { Collection } from 'mongodb';
import { beforeEach } from 'vitest';
import { expectAlike, inOrder, outcomeOf } from './alike';
import { useWorlds } from './worlds';

export type Fields = { _id: string; [field: string]: unknown };
/** One use of a collection. */
export type Step = (things: Collection<Fields>) => unknown;

/** What a crash would leave is no matter here. */
const quick = { writeConcern: { w: 1, journal: false }, readConcern: { level: 'local' } } as const;

export const day = (n: number) => new Date(Date.UTC(2026, 0, n));

export const stored: Fields[] = [
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

/**
 * The same documents in both worlds before each test, in a collection with a unique index over `closeName` of those that
 * have not ended. `both` does the same to both and expects the same answer or error, and the same documents afterwards.
 */
export function useStored() {
  const [mongod, model] = useWorlds().map(({ database }) => database.db.collection<Fields>('mutes', quick));
  if (mongod === undefined || model === undefined) throw new Error('There are two worlds.');
  beforeEach(async () => {
    for (const things of [mongod, model]) {
      await things.deleteMany({});
      await things.insertMany(structuredClone(stored));
    }
  });
  const both = async (what: string, step: Step) => {
    const [of, by] = [await outcomeOf(() => step(model)), await outcomeOf(() => step(mongod))];
    expectAlike(of, by, what);
    expectAlike(await all(model), await all(mongod), `documents after ${what}`);
  };
  return { model, both };
}

async function all(things: Collection<Fields>): Promise<unknown[]> {
  return inOrder(await things.find({}).toArray());
}
