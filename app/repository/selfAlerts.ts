import type { Document } from 'mongodb';
import { repeatMs } from '../domain/selfWatch/away';
import { type Trouble, troubleKey } from '../domain/selfWatch/types';
import { type SelfAlertDoc, selfAlertModel } from '../model/selfAlert';
import { type Database, isDuplicateKey, primaryMajority } from './database';

/** Longer than any attempt takes: a host that dies while it tells is replaced after this span. */
const claimMs = 60_000;
const keptMs = 6 * 3_600_000;
const mostRead = 500;
const longAgo = new Date(0);
/** One document for all hosts: the end of MongoDB's absence is one message. */
const absenceKey = 'databaseAway';

/** Which troubles of Watchbell itself a person is told of, shared by all hosts: each message is claimed by one. */
export class SelfAlerts {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(selfAlertModel);
  }

  async all(): Promise<SelfAlertDoc[]> {
    const stored = await this.collection.find({}, primaryMajority).limit(mostRead).toArray();
    return stored.map(document => selfAlertModel.schema.parse(document));
  }

  /** Makes the document of a trouble unless it exists. One whose end was not told yet is simply open again. */
  async open(trouble: Trouble, now: Date): Promise<void> {
    await this.insertOnce(troubleKey(trouble), { ...freshOf(trouble, now), state: 'open', told: 0, toldAt: null });
    await this.collection.updateOne({ _id: troubleKey(trouble), state: 'ended', $expr: isDue }, [
      { $set: { state: 'open', tries: 0, nextAt: { $add: ['$$NOW', repeatMs] } } },
    ]);
  }

  /** Makes this caller the only one to tell what is due; null where nothing is, or another host does. */
  async claim(key: string, state: 'open' | 'ended'): Promise<SelfAlertDoc | null> {
    const stored = await this.collection.findOneAndUpdate(
      { _id: key, state, $expr: isDue },
      [{ $set: { nextAt: { $add: ['$$NOW', claimMs] }, expireAt: { $add: ['$$NOW', keptMs] } } }],
      { returnDocument: 'after' },
    );
    return stored === null ? null : selfAlertModel.schema.parse(stored);
  }

  /** The claimed message was told; that the trouble lasts is told after `repeatMs`. */
  async told(key: string): Promise<void> {
    const told = { told: { $add: ['$told', 1] }, toldAt: '$$NOW', tries: 0, nextAt: { $add: ['$$NOW', repeatMs] } };
    await this.collection.updateOne({ _id: key }, [{ $set: told }]);
  }

  /** The claimed message was not told; any host may try after `afterMs`. */
  async notTold(key: string, afterMs: number): Promise<void> {
    await this.collection.updateOne({ _id: key }, [
      { $set: { tries: { $add: ['$tries', 1] }, nextAt: { $add: ['$$NOW', afterMs] } } },
    ]);
  }

  /** The trouble is over: its end is due, or nothing where nobody was told of it. */
  async end(key: string): Promise<void> {
    await this.collection.deleteOne({ _id: key, state: 'open', toldAt: null, $expr: isDue });
    await this.collection.updateOne({ _id: key, state: 'open', toldAt: { $ne: null } }, [
      { $set: { state: 'ended', tries: 0, nextAt: '$$NOW' } },
    ]);
  }

  /** Its end was told, or given up. Of MongoDB's absence it stays for a while: hosts that come back later look for it. */
  async close(key: string): Promise<void> {
    const ended = { _id: key, state: 'ended' };
    if (key !== absenceKey) await this.collection.deleteOne(ended);
    else await this.collection.updateOne(ended, [{ $set: { state: 'closed', closedAt: '$$NOW' } }]);
  }

  /**
   * MongoDB's absence is told by each host by itself, its end by one: a host that comes back later finds that it was
   * told since its own absence began.
   */
  async endAbsence(absence: Trouble, told: number, now: Date): Promise<void> {
    const ended = { ...freshOf(absence, now), state: 'ended', told, toldAt: now };
    await this.insertOnce(absenceKey, ended);
    const older = { _id: absenceKey, state: 'closed', closedAt: { $lt: absence.since } };
    await this.collection.updateOne(older, { $set: ended });
  }

  private async insertOnce(key: string, document: Document): Promise<void> {
    try {
      await this.collection.updateOne({ _id: key }, { $setOnInsert: document }, { upsert: true });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

const isDue = { $lte: ['$nextAt', '$$NOW'] };

function freshOf({ kind, subject, title, sentence, since }: Trouble, now: Date): Document {
  const expireAt = new Date(now.getTime() + keptMs);
  return { kind, subject, title, sentence, since, nextAt: longAgo, tries: 0, closedAt: null, expireAt };
}
