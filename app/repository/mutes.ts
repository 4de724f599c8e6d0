import { randomUUID } from 'node:crypto';
import type { ClientSession, Document } from 'mongodb';
import { ConflictError, ValidationError } from '../domain/errors';
import type { Matcher } from '../domain/mute/match';
import { type MuteDoc, muteModel } from '../model/mute';
import { type Database, isDuplicateKey, primaryMajority } from './database';
import { afterCursor, page } from './keyset';

/** When a mute ends: after a span from now (or from its start), at a time, or never. */
export type MuteEnd = { forMs: number } | { until: Date } | { forever: true };

export interface NewMute {
  matchers: Matcher[];
  /** null: it begins now. */
  startsAt: Date | null;
  end: MuteEnd;
  note: string;
}

/** Every mute in force is read before a send: more of them would make each send slow. */
const maxActive = 10_000;
/** Ended mutes stay in the history this long. */
const keptMs = 90 * 86_400_000;
const closeTries = 5;

/** In force by MongoDB's clock, wherever the query runs. */
const active = {
  ended: false,
  $and: [
    { $or: [{ startsAt: null }, { $expr: { $lte: ['$startsAt', '$$NOW'] } }] },
    { $or: [{ endsAt: null }, { $expr: { $gt: ['$endsAt', '$$NOW'] } }] },
  ],
};

/** Mutes; every time in them is MongoDB's, decided in the write or the query. */
export class Mutes {
  private readonly collection;

  constructor(private readonly database: Database) {
    this.collection = database.collection(muteModel);
  }

  /** Stores a mute; throws ValidationError where its end has passed by MongoDB's clock. */
  async create(mute: NewMute, by: string): Promise<MuteDoc> {
    await this.refuseTooMany(1);
    return await this.database.transaction(async session => {
      const _id = randomUUID();
      const fields = {
        matchers: { $literal: mute.matchers },
        startsAt: mute.startsAt,
        ended: false,
        note: { $literal: mute.note },
        createdBy: { $literal: by },
        createdAt: '$$NOW',
      };
      const stored = await this.collection.findOneAndUpdate(
        { _id },
        [{ $set: { ...fields, ...changed(by), endsAt: endOf(mute.end, mute.startsAt) } }, withExpiry],
        { upsert: true, returnDocument: 'after', session },
      );
      return endsInFuture(muteModel.schema.parse(stored), 'endsAt');
    });
  }

  /**
   * One mute per name, all names or none: a mute that is in force gets the new end, where none is (or one that has run
   * out) a new one begins. Answers the common end; throws ValidationError where it has passed.
   */
  async close(names: readonly string[], end: MuteEnd, by: string): Promise<Date | null> {
    await this.refuseTooMany(names.length);
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.database.transaction(session => this.closeIn(session, names, end, by));
      } catch (error) {
        // Two calls made the mute of one name at the same time: the second now finds the first's.
        if (!isDuplicateKey(error) || tried === closeTries) throw error;
      }
    }
  }

  private async closeIn(session: ClientSession, names: readonly string[], end: MuteEnd, by: string) {
    let endsAt: Date | null = null;
    for (const name of names) {
      const stored = await this.collection.findOneAndUpdate(
        { closeName: name, ended: false },
        [{ $set: closeFields(name, by) }, { $set: { ...changed(by), endsAt: endOf(end, null) } }, withExpiry],
        { upsert: true, returnDocument: 'after', session },
      );
      const mute = endsInFuture(muteModel.schema.parse(stored), 'until');
      if (endsAt === null || (mute.endsAt !== null && mute.endsAt > endsAt)) endsAt = mute.endsAt;
    }
    return endsAt;
  }

  /** Ends the mutes that close() made for these names, and no others. */
  async open(names: readonly string[], by: string): Promise<void> {
    await this.collection.updateMany({ closeName: { $in: [...names] }, ended: false }, ending(by));
  }

  /** Ends one mute now; false where it is unknown. One that is over stays as it ended. */
  async end(id: string, by: string): Promise<boolean> {
    const result = await this.collection.updateOne({ _id: id, ended: false }, ending(by));
    return result.matchedCount === 1 || (await this.collection.findOne({ _id: id })) !== null;
  }

  /**
   * The mutes in force, from the primary; in a session this sees every mute that was acknowledged before the session's
   * last write. `job` leaves out the mutes that close() made for other names, which cannot match.
   */
  async active(options: { session?: ClientSession; job?: string } = {}): Promise<MuteDoc[]> {
    const filter =
      options.job === undefined
        ? active
        : { ...active, $or: [{ closeName: { $exists: false } }, { closeName: options.job }] };
    const found = await this.collection.find(filter, { ...primaryMajority, session: options.session }).toArray();
    return found.map(document => muteModel.schema.parse(document));
  }

  /** Newest first. `active: false` lists what is over or has not begun. */
  async list(options: { active?: boolean; limit: number; cursor?: string }) {
    const state = options.active === undefined ? {} : options.active ? active : { $nor: [active] };
    const found = await this.collection
      .find({ $and: [state, afterCursor(options.cursor)] })
      .sort({ createdAt: -1, _id: -1 })
      .limit(options.limit + 1)
      .toArray();
    return page(
      found.map(document => muteModel.schema.parse(document)),
      options.limit,
    );
  }

  private async refuseTooMany(more: number): Promise<void> {
    const stored = await this.collection.countDocuments(active, { limit: maxActive + 1 });
    if (stored + more <= maxActive) return;
    throw new ConflictError(`${stored} mutes are in force and at most ${maxActive} may be; end some of them first.`);
  }
}

/** The fields that a new mute of a name gets and one that is in force keeps; a run-out one counts as new. */
function closeFields(name: string, by: string): Document {
  const fresh = {
    $or: [
      { $eq: [{ $type: '$createdAt' }, 'missing'] },
      { $and: [{ $ne: ['$endsAt', null] }, { $lte: ['$endsAt', '$$NOW'] }] },
    ],
  };
  return {
    _id: { $ifNull: ['$_id', randomUUID()] },
    matchers: { $literal: [{ label: 'job', op: '=', value: name }] },
    startsAt: null,
    note: { $literal: `/close of ${name}` },
    createdBy: { $cond: [fresh, { $literal: by }, '$createdBy'] },
    createdAt: { $cond: [fresh, '$$NOW', '$createdAt'] },
  };
}

function changed(by: string): Document {
  return { changedBy: { $literal: by }, changedAt: '$$NOW' };
}

function ending(by: string): Document[] {
  return [{ $set: { ...changed(by), ended: true, expireAt: { $add: ['$$NOW', keptMs] } } }];
}

function endOf(end: MuteEnd, startsAt: Date | null): unknown {
  if ('forever' in end) return null;
  return 'until' in end ? end.until : { $add: [{ $max: ['$$NOW', startsAt] }, end.forMs] };
}

const withExpiry = {
  $set: { expireAt: { $cond: [{ $eq: ['$endsAt', null] }, null, { $add: ['$endsAt', keptMs] }] } },
};

/** Judged by MongoDB's time of the very write; throwing undoes its transaction. */
function endsInFuture(mute: MuteDoc, path: string): MuteDoc {
  if (mute.endsAt === null || mute.endsAt > mute.changedAt) return mute;
  throw new ValidationError([
    { path, message: `${mute.endsAt.toISOString()} has passed: it is ${mute.changedAt.toISOString()} now` },
  ]);
}
