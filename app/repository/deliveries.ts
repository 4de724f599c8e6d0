import { type ClientSession, type Document, MongoBulkWriteError } from 'mongodb';
import type { OutboxEntry } from '../domain/alert/types';
import type { Neighbours, Outcome, Transition } from '../domain/delivery/types';
import type { Labels } from '../domain/message/types';
import { type DeliveryDoc, type DeliveryState, deliveryModel } from '../model/delivery';
import { type Database, isDuplicateKey, primaryMajority } from './database';
import { changeOf, claimOf } from './deliveryChanges';
import { afterCursor, page } from './keyset';

/** Which delivery a write means: it happens only where nobody raised the fence meanwhile. */
export type DeliveryRef = Pick<DeliveryDoc, '_id' | 'fence'>;

export interface OutboxOwner {
  alertId: string;
  job: string;
  labels: Labels;
  outbox: OutboxEntry[];
}

export interface DeliveryFilter {
  channel?: string;
  state?: DeliveryState;
  job?: string;
  limit: number;
  cursor?: string;
}

const trouble: Document = {
  $or: [{ state: { $in: ['sent', 'uncertain'] } }, { partsSent: { $gt: 0 } }, { possibleDuplicate: true }],
};
/** Awaits an attempt; an uncertain one only while it keeps its slot. */
const awaiting: Document = { $or: [{ state: 'pending' }, { state: 'uncertain', slot: { $exists: true } }] };

/** Messages on their way to channels: unique per alert, seq and channel, each claimed by one member at a time. */
export class Deliveries {
  private readonly collection;

  constructor(
    database: Database,
    /** How long a delivery stays in the history, in ms. */
    private readonly retentionMs: number,
  ) {
    this.collection = database.collection(deliveryModel);
  }

  /** Makes the deliveries of one alert's outbox, lower seq first; those that exist stay as they are. Answers how many are new. */
  async insert(owner: OutboxOwner, now: Date): Promise<number> {
    const entries = [...owner.outbox].sort((a, b) => a.seq - b.seq);
    const documents = entries.flatMap(entry =>
      entry.channels.map(channel => this.document(owner, entry, channel, now)),
    );
    if (documents.length === 0) return 0;
    try {
      return (await this.collection.insertMany(documents, { ordered: false })).insertedCount;
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error)) throw error;
      return error.insertedCount;
    }
  }

  private document(owner: OutboxOwner, entry: OutboxEntry, channel: string, now: Date): DeliveryDoc {
    return {
      _id: `${owner.alertId}:${entry.seq}:${channel}`,
      alertId: owner.alertId,
      job: owner.job,
      seq: entry.seq,
      kind: entry.kind,
      channel,
      labels: { ...owner.labels },
      message: { ...entry.message, labels: { ...entry.message.labels }, series: { ...entry.message.series } },
      state: 'pending',
      attempts: 0,
      fence: 0,
      member: null,
      claimedAt: null,
      // In the past by every clock, so that what was decided first is due first.
      nextAttemptAt: entry.message.scheduledAt < now ? entry.message.scheduledAt : now,
      partsSent: 0,
      possibleDuplicate: false,
      mutedBy: [],
      held: false,
      supersededBy: null,
      error: null,
      createdAt: now,
      sentAt: null,
      expireAt: new Date(now.getTime() + this.retentionMs),
    };
  }

  /** Deliveries whose next attempt is due by MongoDB's clock. */
  async due(limit: number): Promise<DeliveryDoc[]> {
    const filter = { state: { $in: ['pending', 'uncertain'] }, $and: [awaiting], $expr: isDue };
    return await this.find(filter, { nextAttemptAt: 1 }, limit);
  }

  /**
   * Makes this member the only one to send it, by a majority write of the session. `busy`: another delivery of its alert
   * and channel is being sent; `lost`: somebody else changed it.
   */
  async claim(ref: DeliveryRef, member: string, session: ClientSession): Promise<DeliveryDoc | 'busy' | 'lost'> {
    try {
      const stored = await this.collection.findOneAndUpdate(
        { _id: ref._id, fence: ref.fence, ...awaiting },
        claimOf(member),
        { returnDocument: 'after', session },
      );
      return stored === null ? 'lost' : deliveryModel.schema.parse(stored);
    } catch (error) {
      if (isDuplicateKey(error)) return 'busy';
      throw error;
    }
  }

  /** What is newer on the same alert and channel, and what was told there last before it. */
  async neighbours(delivery: DeliveryDoc, session?: ClientSession) {
    const same = { alertId: delivery.alertId, channel: delivery.channel };
    const options = { ...primaryMajority, session };
    const newest = await this.collection.findOne(
      { ...same, seq: { $gt: delivery.seq } },
      { ...options, sort: { seq: -1 } },
    );
    const told = await this.collection.findOne(
      { ...same, seq: { $lt: delivery.seq }, ...trouble },
      { ...options, sort: { seq: -1 } },
    );
    const found: Neighbours = {
      newestId: newest?._id ?? null,
      lastTold: told === null ? null : deliveryModel.schema.shape.kind.parse(told['kind']),
      historyComplete: delivery.createdAt.getTime() - delivery.message.since.getTime() < this.retentionMs,
    };
    return found;
  }

  /** What is decided about a delivery that nobody sends; false where somebody changed it. */
  async changeAwaiting(ref: DeliveryRef, transition: Transition): Promise<boolean> {
    const filter = { _id: ref._id, fence: ref.fence, ...awaiting };
    return (await this.collection.updateOne(filter, changeOf(transition))).matchedCount === 1;
  }

  /** Writes what an attempt came to; false where the fence was raised: another member has the delivery. */
  async finish(ref: DeliveryRef, { transition, partsSent }: Outcome): Promise<boolean> {
    const result = await this.collection.updateOne({ _id: ref._id, fence: ref.fence, state: 'sending' }, [
      { $set: { partsSent } },
      ...changeOf(transition),
    ]);
    return result.matchedCount === 1;
  }

  /** Records that one more part was handed over; false where the delivery is not this member's any more. */
  async partSent(ref: DeliveryRef, partsSent: number): Promise<boolean> {
    const filter = { _id: ref._id, fence: ref.fence, state: 'sending' };
    return (await this.collection.updateOne(filter, { $set: { partsSent } })).matchedCount === 1;
  }

  /** Only the newest muted delivery of an alert and channel is looked at when its mutes end. */
  async heldInstead({ alertId, channel, seq }: DeliveryDoc): Promise<void> {
    await this.collection.updateMany({ alertId, channel, seq: { $lt: seq }, held: true }, { $set: { held: false } });
  }

  /** Muted deliveries of which no recorded mute is among those in force. */
  async heldByNone(activeMutes: readonly string[], limit: number): Promise<DeliveryDoc[]> {
    return await this.find({ held: true, mutedBy: { $nin: [...activeMutes] } }, { createdAt: 1 }, limit);
  }

  /** Other mutes hold it now. */
  async heldByOthers(ref: DeliveryRef, mutedBy: readonly string[]): Promise<void> {
    await this.collection.updateOne(
      { _id: ref._id, fence: ref.fence, held: true },
      { $set: { mutedBy: [...mutedBy] } },
    );
  }

  /** The end of its mutes: pending again, or muted for good. False where something changed meanwhile. */
  async release(ref: DeliveryRef, again: boolean): Promise<boolean> {
    const pending = { state: 'pending', held: false, mutedBy: [], nextAttemptAt: '$$NOW' };
    const result = await this.collection.updateOne({ _id: ref._id, fence: ref.fence, state: 'muted', held: true }, [
      { $set: again ? pending : { held: false } },
    ]);
    return result.matchedCount === 1;
  }

  /** Deliveries being sent now, by whomever. */
  async sending(limit: number): Promise<DeliveryDoc[]> {
    return await this.find({ state: 'sending' }, { claimedAt: 1 }, limit);
  }

  /** How many deliveries of these jobs are being sent. */
  async countSending(jobs: readonly string[]): Promise<number> {
    return await this.collection.countDocuments({ state: 'sending', job: { $in: [...jobs] } });
  }

  /** Takes a delivery from a member that lost it; the fence keeps that member from writing about it ever again. */
  async takeOver(ref: DeliveryRef & { member: string | null }, transition: Transition): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: ref._id, fence: ref.fence, member: ref.member, state: 'sending' },
      [{ $set: { fence: { $add: ['$fence', 1] } } }, ...changeOf(transition)],
    );
    return result.matchedCount === 1;
  }

  /** What waits for a mended channel is due now. */
  async channelHealed(channel: string): Promise<void> {
    await this.collection.updateMany({ channel, state: 'pending' }, [{ $set: { nextAttemptAt: '$$NOW' } }]);
  }

  /** Newest first. */
  async list({ limit, cursor, ...fields }: DeliveryFilter) {
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const found = await this.find({ ...given, ...afterCursor(cursor) }, { createdAt: -1, _id: -1 }, limit + 1);
    return page(found, limit);
  }

  private async find(filter: Document, sort: Record<string, 1 | -1>, limit: number): Promise<DeliveryDoc[]> {
    const found = await this.collection.find(filter, primaryMajority).sort(sort).limit(limit).toArray();
    return found.map(document => deliveryModel.schema.parse(document));
  }
}

const isDue = { $lte: ['$nextAttemptAt', '$$NOW'] };

function isOnlyDuplicates(error: MongoBulkWriteError): boolean {
  const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return error.result.getWriteConcernError() === undefined && faults.every(fault => fault.code === 11000);
}
