import { version } from '../../package.json';
import { type MemberDoc, memberModel } from '../model/member';
import { schemaVersion } from '../model/schemaVersion';
import type { Database } from './database';
import { SchemaVersions } from './schemaVersions';

export interface NewMember {
  id: string;
  hostId: string;
  hostLabels: MemberDoc['hostLabels'];
  role: MemberDoc['role'];
  pid: number;
  masterPid: number;
  process: MemberDoc['process'];
  leaseMs: number;
  appliedRevision: number;
}

export interface Renewal {
  suspended: boolean;
  clockSkewMs: number;
  appliedRevision: number;
}

/** What a sweeper needs to judge a member. */
export type MemberView = MemberDoc;

const deadKeptMs = 86_400_000;

/** The documents by which processes know of each other. Stored states are live and dead only. */
export class Members {
  private readonly collection;
  private readonly schemas;

  constructor(database: Database) {
    this.collection = database.collection(memberModel);
    this.schemas = new SchemaVersions(database);
  }

  /** Writes a new live member (majority) and answers MongoDB's time. */
  async register(member: NewMember, limitMs: number): Promise<Date> {
    const { id, hostLabels, ...fields } = member;
    const now = '$$NOW';
    const set = {
      ...fields,
      // In an expression an empty object, or a name with a dot, would mean something else.
      hostLabels: { $literal: hostLabels },
      schema: schemaVersion,
      version,
      state: 'live',
      suspended: false,
      counter: 1,
      startedAt: now,
      lastSeenAt: now,
      clockSkewMs: 0,
    };
    const stored = await this.collection.findOneAndUpdate({ _id: id }, [{ $set: set }], {
      upsert: true,
      returnDocument: 'after',
      timeoutMS: limitMs,
    });
    return memberModel.schema.parse(stored).lastSeenAt;
  }

  /**
   * Throws SchemaVersionError where this build cannot read what others write. Asked after each registration: either it
   * sees that they have moved on, or they see the new member before they do.
   */
  async admit(): Promise<void> {
    await this.schemas.assertReadable();
  }

  /** Raises the counter of a live member; answers MongoDB's time, or null where the member is not live any more. */
  async renew(id: string, { suspended, clockSkewMs, appliedRevision }: Renewal, limitMs: number): Promise<Date | null> {
    const stored = await this.collection.findOneAndUpdate(
      { _id: id, state: 'live' },
      [
        {
          $set: {
            counter: { $add: ['$counter', 1] },
            lastSeenAt: '$$NOW',
            suspended,
            clockSkewMs,
            appliedRevision: { $max: ['$appliedRevision', appliedRevision] },
          },
        },
      ],
      { returnDocument: 'after', timeoutMS: limitMs },
    );
    return stored === null ? null : memberModel.schema.parse(stored).lastSeenAt;
  }

  /** Says which revision is in force in this member, without renewing its lease. */
  async reportApplied(id: string, revision: number): Promise<void> {
    await this.collection.updateOne({ _id: id }, { $max: { appliedRevision: revision } });
  }

  /** Everyone who is stored as live, read from the primary. */
  async live(): Promise<MemberView[]> {
    const stored = await this.collection.find({ state: 'live' }).toArray();
    return stored.map(document => memberModel.schema.parse(document));
  }

  /** Everyone, the recently dead too, for GET /cluster. */
  async all(limit = 1000): Promise<MemberView[]> {
    const stored = await this.collection.find({}).sort({ state: -1, _id: 1 }).limit(limit).toArray();
    return stored.map(document => memberModel.schema.parse(document));
  }

  /** Which of these ids are live. Read this after what they are said to hold. */
  async liveOf(ids: readonly string[]): Promise<Set<string>> {
    const stored = await this.collection
      .find({ _id: { $in: [...ids] }, state: 'live' })
      .project({ _id: 1 })
      .toArray();
    return new Set(stored.map(document => String(document['_id'])));
  }

  /** Calls a member dead that was seen unchanged; false when it renewed meanwhile. */
  async markDead(id: string, counter: number): Promise<boolean> {
    const result = await this.collection.updateOne({ _id: id, counter, state: 'live' }, [
      { $set: { state: 'dead', expireAt: { $add: ['$$NOW', deadKeptMs] } } },
    ]);
    return result.matchedCount === 1;
  }

  /** A process that begins to end says so: every host sees it with its next sweep. */
  async drain(id: string, limitMs: number): Promise<void> {
    await this.collection.updateOne({ _id: id }, [{ $set: { drainingAt: '$$NOW' } }], { timeoutMS: limitMs });
  }

  /** A member that ends in good order says so, so that nobody has to wait for its lease. */
  async leave(id: string, limitMs: number): Promise<void> {
    await this.collection.updateOne(
      { _id: id },
      [{ $set: { state: 'dead', leftAt: '$$NOW', expireAt: { $add: ['$$NOW', deadKeptMs] } } }],
      { timeoutMS: limitMs },
    );
  }
}
