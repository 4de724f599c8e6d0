import type { ClientSession, Document } from 'mongodb';
import { z } from 'zod';
import { UnavailableError } from '../domain/errors';
import { keepUnknown } from '../domain/unknownFields';
import { type calendarModel, channelModel, jobModel } from '../model/definition';
import { runModel } from '../model/run';
import { counterModel } from '../model/token';
import type { Model } from '../model/types';
import { type Database, isAway, isDuplicateKey } from './database';
import { revisionId, revisionSchema } from './revisions';
import { type IdleSkips, idleUpdate } from './settlementRecords';

export type JobDocument = z.output<typeof jobModel.schema>;
export type CalendarDocument = z.output<typeof calendarModel.schema>;
export type ChannelDocument = z.output<typeof channelModel.schema>;

export interface ListOptions {
  limit: number;
  /** Names after this one. */
  after: string | null;
  filter: Record<string, unknown>;
}

/** What a write decided: `commit: false` leaves everything, the counter too, as it was. */
export interface WriteResult<T> {
  commit: boolean;
  value: T;
}

const plainFields = z.record(z.string(), z.unknown());

/** Definitions in MongoDB. Every write draws its revision from one counter in its own transaction. */
export class DefinitionRepository {
  private turn: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  /** Writes that MongoDB did not answer. */
  private outages = 0;

  /** `limitMs` bounds a write from its turn on: the transaction and its retries. */
  constructor(
    private readonly database: Database,
    private readonly limitMs: number,
  ) {}

  /** The stored definition; null where there is none or only a tombstone. */
  async find<Schema extends z.ZodType>(model: Model<Schema>, name: string): Promise<z.output<Schema> | null> {
    const stored = await this.database.collection(model).findOne({ _id: name, deleted: false });
    return stored === null ? null : model.schema.parse(stored);
  }

  /** In the order of names. */
  async list<Schema extends z.ZodType>(model: Model<Schema>, options: ListOptions): Promise<z.output<Schema>[]> {
    const after = options.after === null ? {} : { _id: { $gt: options.after } };
    const cursor = this.database
      .collection(model)
      .find({ ...options.filter, deleted: false, ...after })
      .sort({ _id: 1 })
      .limit(options.limit)
      .batchSize(options.limit + 1);
    return (await cursor.toArray()).map(stored => model.schema.parse(stored));
  }

  /** The remote of this channel takes messages again; true where it was broken. Not part of the definition: no revision. */
  async healChannel(name: string): Promise<boolean> {
    const broken = { _id: name, deleted: false, broken: { $ne: null } };
    const result = await this.database.collection(channelModel).updateOne(broken, { $set: { broken: null } });
    return result.modifiedCount === 1;
  }

  /**
   * One transaction that first raises the counter: writes of all members stand in one order, so that revisions become
   * visible in that order and what `decide` reads cannot change before it is committed. `decide` may run several times.
   */
  async write<T>(decide: (write: DefinitionWrite) => Promise<WriteResult<T>>): Promise<T> {
    return await this.inTurn(async () => {
      const startedAt = performance.now();
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.transact(decide, this.limitMs - (performance.now() - startedAt));
        } catch (error) {
          // The counter or the name was made by another member at the same time; the next try finds it.
          if (!isDuplicateKey(error) || attempt === 3) throw error;
        }
      }
    });
  }

  private async transact<T>(decide: (write: DefinitionWrite) => Promise<WriteResult<T>>, limitMs: number): Promise<T> {
    return await this.database.transaction(async session => {
      const counter = await this.database
        .collection(counterModel)
        .findOneAndUpdate(
          { _id: revisionId },
          [{ $set: { value: { $add: [{ $ifNull: ['$value', 0] }, 1] }, at: '$$NOW' } }],
          { upsert: true, returnDocument: 'after', session },
        );
      const { value: revision, at } = revisionSchema.parse(counter);
      const { commit, value } = await decide(new DefinitionWrite(this.database, session, revision, at));
      if (!commit) await session.abortTransaction();
      return value;
    }, limitMs);
  }

  /**
   * One write at a time in this process: the counter would only make them collide and try again. Who waits behind a
   * write that MongoDB did not answer gets no answer either, at that moment: no call waits longer than one write may.
   */
  private async inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (this.waiting >= mostWaiting) throw new UnavailableError('Too many definition writes wait in this process.');
    const { turn: before, outages } = this;
    const arrivedAt = performance.now();
    let done: () => void = () => undefined;
    const mine = new Promise<void>(resolve => {
      done = resolve;
    });
    this.turn = before.then(() => mine);
    this.waiting++;
    try {
      await before;
      if (this.outages !== outages || performance.now() - arrivedAt > longestTurnMs) {
        throw new UnavailableError('MongoDB does not answer the writes before this one; send the same request again.');
      }
      return await task();
    } catch (error) {
      if (isAway(error)) this.outages++;
      throw error;
    } finally {
      this.waiting--;
      done();
    }
  }
}

const mostWaiting = 1000;
/** A turn that comes later helps nobody: the client has given up. */
const longestTurnMs = 15_000;

/** What a definition write may read and do inside its transaction. */
export class DefinitionWrite {
  /** What was found in this transaction, as it is stored and as far as this version knows it. */
  private readonly found = new Map<string, { stored: Document; known: Document }>();

  constructor(
    private readonly database: Database,
    private readonly session: ClientSession,
    /** The revision of this write, should it be committed. */
    readonly revision: number,
    /** MongoDB's time. */
    readonly now: Date,
  ) {}

  /** The stored definition or its tombstone. */
  async find<Schema extends z.ZodType>(model: Model<Schema>, name: string): Promise<z.output<Schema> | null> {
    const stored = await this.database.collection(model).findOne({ _id: name }, { session: this.session });
    if (stored === null) return null;
    const known = model.schema.parse(stored);
    this.found.set(`${model.collection}/${name}`, { stored, known: plainFields.parse(known) });
    return known;
  }

  /** Which of these names are defined and not deleted, with the document. */
  async findLive<Schema extends z.ZodType>(
    model: Model<Schema>,
    names: readonly string[],
  ): Promise<z.output<Schema>[]> {
    if (names.length === 0) return [];
    const filter = { _id: { $in: [...names] }, deleted: false };
    const stored = await this.database.collection(model).find(filter, { session: this.session }).toArray();
    return stored.map(document => model.schema.parse(document));
  }

  /** Names of the jobs that use a source, channel or calendar; `limit` 0 answers all of them. */
  async usedBy(field: 'sources' | 'channels' | 'calendars', name: string, limit = 20): Promise<string[]> {
    const stored = await this.database
      .collection(jobModel)
      .find({ [field]: name, deleted: false }, { session: this.session })
      .project({ _id: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return stored.map(document => String(document['_id']));
  }

  /** Brings the record of what a paused or disabled job left out to its end, in this very write. */
  async recordIdle(idle: IdleSkips, retentionDays: number): Promise<void> {
    const { filter, update } = idleUpdate(idle, this.now, retentionDays);
    await this.database.collection(runModel).updateOne(filter, update, { upsert: true, session: this.session });
  }

  /**
   * Stores the document in place of what `find` found under its name. What a newer version has stored there, and `find`
   * did not answer, stays.
   */
  async replace<Schema extends z.ZodType>(
    model: Model<Schema>,
    document: z.output<Schema> & { _id: string },
  ): Promise<void> {
    const before = this.found.get(`${model.collection}/${document._id}`);
    const next: Document = before === undefined ? document : keepUnknown(before.stored, before.known, document);
    const { _id, ...fields } = next;
    await this.database.collection(model).replaceOne({ _id }, fields, { upsert: true, session: this.session });
  }
}
