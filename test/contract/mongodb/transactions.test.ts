import { type ClientSession, MongoError } from 'mongodb';
import { describe, expect, it, vi } from 'vitest';
import type { Database } from '../../../app/repository/database';
import { useWorlds } from './worlds';

vi.mock('mongodb', async () => (await import('./eitherDriver')).eitherDriver());

type Fields = { _id: string; n?: number; closeName?: string; ended?: boolean };
const snapshot = { readConcern: { level: 'snapshot' }, readPreference: 'primary' } as const;
let drawn = 0;

function id(): string {
  drawn += 1;
  return `t${drawn}`;
}

for (const { name, database } of useWorlds()) {
  const things = database.db.collection<Fields>('mutes');
  const read = (_id: string, session?: ClientSession) => things.findOne({ _id }, { session });

  describe(`${name}: a transaction`, () => {
    it('shows nothing of itself before it is committed, and all of it then', async () => {
      const [one, other] = [id(), id()];
      await things.insertOne({ _id: one, n: 1 });
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $inc: { n: 1 } }, { session });
        await things.insertOne({ _id: other, n: 5 }, { session });
        expect(await read(one, session)).toEqual({ _id: one, n: 2 });
        expect([await read(one), await read(other)]).toEqual([{ _id: one, n: 1 }, null]);
        await session.commitTransaction();
      });
      expect([await read(one), await read(other)]).toEqual([
        { _id: one, n: 2 },
        { _id: other, n: 5 },
      ]);
    });

    it('that is aborted leaves nothing', async () => {
      const [one, other] = [id(), id()];
      await things.insertOne({ _id: one, n: 1 });
      await inSession(database, async session => {
        await things.deleteOne({ _id: one }, { session });
        await things.insertOne({ _id: other }, { session });
        expect(await read(one, session)).toBeNull();
        await session.abortTransaction();
      });
      expect([await read(one), await read(other)]).toEqual([{ _id: one, n: 1 }, null]);
    });

    it('sees what was committed when it began, and nothing since', async () => {
      const [one, other, third] = [id(), id(), id()];
      await things.insertMany([
        { _id: one, n: 1 },
        { _id: third, n: 1 },
      ]);
      await inSession(database, async session => {
        await read(one, session);
        await things.updateOne({ _id: one }, { $set: { n: 2 } });
        await things.insertOne({ _id: other, n: 1 });
        await things.deleteOne({ _id: third });
        const seen = await things
          .find({ _id: { $in: [one, other, third] } }, { session })
          .sort({ _id: 1 })
          .toArray();
        expect(seen).toEqual([
          { _id: one, n: 1 },
          { _id: third, n: 1 },
        ]);
        await session.abortTransaction();
      });
    });

    it('conflicts with what another has written and not committed, and with what was committed since it began', async () => {
      const [one, other] = [id(), id()];
      await things.insertMany([{ _id: one }, { _id: other }]);
      await inSession(database, async first => {
        await things.updateOne({ _id: one }, { $set: { n: 1 } }, { session: first });
        await inSession(database, async second => {
          await things.findOne({ _id: other }, { session: second });
          await expect(things.updateOne({ _id: one }, { $set: { n: 2 } }, { session: second })).rejects.toSatisfy(
            conflict,
          );
          await expect(read(other, second)).rejects.toSatisfy(noTransaction);
        });
        await inSession(database, async third => {
          await read(one, third);
          await first.commitTransaction();
          await expect(things.deleteOne({ _id: one }, { session: third })).rejects.toSatisfy(conflict);
        });
      });
    });

    it('conflicts by findOneAndUpdate and bulkWrite too', async () => {
      const one = id();
      await things.insertOne({ _id: one });
      const set = { $set: { n: 1 } };
      const unlimited = database.client
        .db(database.db.databaseName, { timeoutMS: undefined })
        .collection<Fields>('mutes');
      await inSession(database, async first => {
        await things.updateOne({ _id: one }, set, { session: first });
        await inSession(database, async session => {
          await expect(things.findOneAndUpdate({ _id: one }, set, { session })).rejects.toSatisfy(conflict);
        });
        await inSession(database, async session => {
          const writes = [{ updateOne: { filter: { _id: one }, update: set } }];
          await expect(unlimited.bulkWrite(writes, { session })).rejects.toSatisfy(conflict);
        });
        await first.abortTransaction();
      });
    });

    it.each(['_id', 'closeName'])(
      'conflicts over a new %s that another has made and not committed, or since it began',
      async field => {
        const key = id();
        const made = (): Fields => (field === '_id' ? { _id: key } : { _id: id(), closeName: key, ended: false });
        await inSession(database, async first => {
          await things.insertOne(made(), { session: first });
          await inSession(database, async session => {
            await expect(things.insertOne(made(), { session })).rejects.toSatisfy(conflict);
          });
          await inSession(database, async session => {
            await read('nothing', session);
            await first.commitTransaction();
            await expect(things.insertOne(made(), { session })).rejects.toSatisfy(conflict);
          });
        });
      },
    );

    it('ends with a duplicate key', async () => {
      const one = id();
      await things.insertOne({ _id: one, closeName: one, ended: false });
      for (const document of [{ _id: one }, { _id: id(), closeName: one, ended: false }]) {
        await inSession(database, async session => {
          await expect(things.insertOne(document, { session })).rejects.toMatchObject({ code: 11000 });
          await expect(read(one, session)).rejects.toSatisfy(noTransaction);
        });
      }
    });

    it('gives a unique key up and takes it for another document', async () => {
      const [one, other] = [id(), id()];
      await things.insertOne({ _id: one, closeName: one, ended: false });
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $set: { ended: true } }, { session });
        await things.insertOne({ _id: other, closeName: one, ended: false }, { session });
        await session.commitTransaction();
      });
      await expect(things.insertOne({ _id: id(), closeName: one, ended: false })).rejects.toMatchObject({
        code: 11000,
      });
      await things.insertOne({ _id: id(), closeName: one, ended: true });
    });

    it.each(['_id', 'closeName'])(
      'finds a %s taken that was freed since it began, or is by another that is open',
      async field => {
        const key = id();
        const made = () => (field === '_id' ? { _id: key } : { _id: id(), closeName: key, ended: false });
        const refused = async (session?: ClientSession) => (await failed(things.insertOne(made(), { session }))).code;
        const first = made();
        await things.insertOne(first);
        await inSession(database, async deleting => {
          await things.deleteOne({ _id: first._id }, { session: deleting });
          expect(await refused()).toBe(11000);
          await inSession(database, async session => expect(await refused(session)).toBe(11000));
          await inSession(database, async session => {
            await read('nothing', session);
            await deleting.commitTransaction();
            expect(await refused(session)).toBe(11000);
          });
        });
      },
    );

    it('commits once, however often it is asked to', async () => {
      const one = id();
      await things.insertOne({ _id: one, n: 0 });
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $inc: { n: 1 } }, { session });
        await session.commitTransaction();
        await session.commitTransaction();
      });
      expect(await read(one)).toEqual({ _id: one, n: 1 });
    });

    it('that wrote and read nothing commits without a word', async () => {
      await inSession(database, async session => await session.commitTransaction());
    });
  });

  describe(`${name}: a write beside a transaction`, () => {
    it.each(['commit', 'abort'] as const)('waits for its end: %s', async end => {
      const [one, other] = [id(), id()];
      await things.insertOne({ _id: one, n: 1 });
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $inc: { n: 10 } }, { session });
        await things.insertOne({ _id: other, closeName: other, ended: false }, { session });
        let done = 0;
        const count = <T>(value: T) => {
          done += 1;
          return value;
        };
        const update = things.updateOne({ _id: one }, { $inc: { n: 1 } }).then(count);
        const find = things.findOneAndUpdate({ _id: one }, { $inc: { n: 1 } }, { returnDocument: 'after' }).then(count);
        const insert = failed(things.insertOne({ _id: id(), closeName: other, ended: false })).then(count);
        await new Promise(resolve => setTimeout(resolve, 60));
        expect(done).toBe(0);
        await (end === 'commit' ? session.commitTransaction() : session.abortTransaction());
        await update;
        await find;
        expect((await insert).code).toBe(end === 'commit' ? 11000 : undefined);
      });
      expect(await read(one)).toEqual({ _id: one, n: end === 'commit' ? 13 : 3 });
    });

    it('gives up at its limit, and may have happened', async () => {
      const one = id();
      await things.insertOne({ _id: one, n: 1 });
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $inc: { n: 10 } }, { session });
        const late = things.updateOne({ _id: one }, { $inc: { n: 1 } }, { timeoutMS: 80 });
        await expect(late).rejects.toMatchObject({ name: 'MongoOperationTimeoutError' });
        await session.abortTransaction();
      });
    });

    it('does not wait where it changes nothing that the transaction has', async () => {
      const [one, other] = [id(), id()];
      await things.insertMany([{ _id: one }, { _id: other }]);
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $set: { n: 1 } }, { session });
        expect((await things.updateOne({ _id: other }, { $set: { n: 1 } })).modifiedCount).toBe(1);
        expect((await things.updateOne({ _id: one, n: 1 }, { $set: { n: 2 } })).matchedCount).toBe(0);
        expect(await things.countDocuments({ _id: one, n: 1 })).toBe(0);
        await session.abortTransaction();
      });
    });
  });

  describe(`${name}: an open transaction`, () => {
    it('is seen by its age and name, and ended with its session', async () => {
      const one = id();
      await things.insertOne({ _id: one, n: 1 });
      await inSession(database, async session => {
        await things.updateOne({ _id: one }, { $set: { n: 2 } }, { session });
        const appName = `contract ${database.db.databaseName}`;
        const query = { type: 'idleSession', appName, 'transaction.timeOpenMicros': { $gt: 0 } };
        const admin = database.client.db('admin');
        const found = await admin
          .aggregate([{ $currentOp: { allUsers: false, idleSessions: true } }, { $match: query }], {
            readConcern: { level: 'local' },
          })
          .toArray();
        expect(found).toHaveLength(1);
        await admin.command({ killSessions: found.map(({ lsid }) => ({ id: lsid.id })) });
        await expect(read(one, session)).rejects.toSatisfy(noTransaction);
        await expect(session.commitTransaction()).rejects.toSatisfy(noTransaction);
      });
      expect(await read(one)).toEqual({ _id: one, n: 1 });
    });
  });
}

async function inSession(database: Database, run: (session: ClientSession) => Promise<void>): Promise<void> {
  await database.client.withSession(async session => {
    session.startTransaction(snapshot);
    await run(session);
  });
}

async function failed(write: Promise<unknown>): Promise<{ code?: unknown }> {
  try {
    await write;
    return {};
  } catch (error) {
    if (!(error instanceof MongoError)) throw error;
    return { code: error.code };
  }
}

function conflict(error: unknown): boolean {
  return error instanceof MongoError && error.code === 112 && error.hasErrorLabel('TransientTransactionError');
}

function noTransaction(error: unknown): boolean {
  return error instanceof MongoError && error.code === 251 && error.hasErrorLabel('TransientTransactionError');
}
