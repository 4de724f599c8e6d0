import type { Document } from 'mongodb';
import { z } from 'zod';
import type { SeenMember } from '../domain/selfWatch/hosts';
import { type Backlog, backlogAfterMs, type Seen, selfChannelName } from '../domain/selfWatch/troubles';
import { alertModel } from '../model/alert';
import { channelModel } from '../model/definition';
import { deliveryModel } from '../model/delivery';
import { drainModel } from '../model/drain';
import { memberModel } from '../model/member';
import { type Database, primaryMajority } from './database';

/** A channel as it is stored: its secrets are sealed. */
export interface StoredChannel {
  kind: string;
  revision: number;
  settings: Record<string, unknown>;
}

const mostBroken = 50;
const mostMembers = 2000;
/** A backlog is counted up to here; what matters is that there is one. */
const mostCounted = 1000;
const mostNamed = 10;

const waiting = z.object({ channel: z.string(), createdAt: z.date() });

/** What Watchbell looks at to see whether it works. Reads from the primary; no query scans a collection. */
export class SelfObservations {
  private readonly members;
  private readonly drains;
  private readonly channels;
  private readonly deliveries;
  private readonly alerts;

  constructor(private readonly database: Database) {
    this.members = database.collection(memberModel);
    this.drains = database.collection(drainModel);
    this.channels = database.collection(channelModel);
    this.deliveries = database.collection(deliveryModel);
    this.alerts = database.collection(alertModel);
  }

  /** Throws what the driver says where MongoDB does not answer. */
  async ping(): Promise<void> {
    await this.database.db.command({ ping: 1 });
  }

  /** The definition of the channel named `self`; null where there is none. */
  async selfChannel(): Promise<StoredChannel | null> {
    const stored = await this.channels.findOne({ _id: selfChannelName, deleted: false }, primaryMajority);
    if (stored === null) return null;
    const { kind, revision, settings } = channelModel.schema.parse(stored);
    return { kind, revision, settings };
  }

  /** Everyone, the dead of the last day too. */
  async everyone(): Promise<SeenMember[]> {
    const [stored, drains] = await Promise.all([
      this.members.find({}, primaryMajority).limit(mostMembers).toArray(),
      this.drains.find({}, primaryMajority).limit(mostMembers).toArray(),
    ]);
    const drained = new Set(drains.map(({ _id }) => _id));
    return stored.map(document => {
      const { state, leftAt, ...member } = memberModel.schema.parse(document);
      const { hostId } = member;
      return { ...member, live: state === 'live', left: leftAt !== undefined, drained: drained.has(hostId) };
    });
  }

  async brokenChannels(): Promise<Seen['brokenChannels']> {
    const filter = { deleted: false, 'broken.code': { $exists: true } };
    const stored = await this.channels.find(filter, primaryMajority).limit(mostBroken).toArray();
    return stored.flatMap(document => {
      const { _id: name, broken } = channelModel.schema.parse(document);
      return broken === null ? [] : [{ name, ...broken }];
    });
  }

  /** Messages that wait for longer than backlogAfterMs, deliveries or still in an outbox; not those of a broken channel. */
  async backlog(at: Date, brokenChannels: readonly string[]): Promise<Backlog> {
    const before = new Date(at.getTime() - backlogAfterMs);
    const filter = { state: 'pending', createdAt: { $lt: before }, channel: { $nin: [...brokenChannels] } };
    const found = await this.deliveries
      .find(filter, primaryMajority)
      .project({ channel: 1, createdAt: 1 })
      .sort({ createdAt: 1 })
      .limit(mostCounted + 1)
      .toArray();
    const late = found.map(document => waiting.parse(document));
    const unrelayed = await this.unrelayed(before);
    const times = [...late.map(({ createdAt }) => createdAt), ...unrelayed].map(time => time.getTime());
    return {
      count: Math.min(times.length, mostCounted),
      more: times.length > mostCounted,
      oldestAt: times.length === 0 ? null : new Date(Math.min(...times)),
      channels: [...new Set(late.map(({ channel }) => channel))].sort().slice(0, mostNamed),
    };
  }

  /** Deliveries that were due before `before` and that nobody has attempted since; counted up to 100. */
  async overdueDeliveries(before: Date): Promise<number> {
    const broken = await this.brokenChannels();
    const filter: Document = {
      state: { $in: ['pending', 'uncertain'] },
      nextAttemptAt: { $lt: before },
      channel: { $nin: broken.map(({ name }) => name) },
      $or: [{ state: 'pending' }, { slot: { $exists: true } }],
    };
    return await this.deliveries.countDocuments(filter, { ...primaryMajority, limit: 100 });
  }

  /** When the messages were decided that still stand in an outbox after so long. */
  private async unrelayed(before: Date): Promise<Date[]> {
    const filter = { hasOutbox: true, 'outbox.message.scheduledAt': { $lt: before } };
    const stored = await this.alerts.find(filter, primaryMajority).limit(100).toArray();
    const entries = stored.flatMap(document => alertModel.schema.parse(document).outbox);
    return entries.map(({ message }) => message.scheduledAt).filter(at => at < before);
  }
}
