import { type DrainDoc, drainModel } from '../model/drain';
import type { Database } from './database';

/** A host that was asked to drain. */
export interface Drain {
  hostId: string;
  askedAt: Date;
  askedBy: string;
  /** Runs that have not ended by then, in MongoDB's time, are aborted and handed over. */
  runsUntil: Date;
}

/** Which hosts shall take no work, until somebody ends that. */
export class Drains {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(drainModel);
  }

  /** Asking again changes nothing but, where `limitMs` is given, how long the runs still may take. */
  async ask(hostId: string, by: string, limit: { givenMs: number | null; defaultMs: number }): Promise<Drain> {
    const { givenMs, defaultMs } = limit;
    const runsUntil = { $add: ['$$NOW', givenMs ?? defaultMs] };
    const stored = await this.collection.findOneAndUpdate(
      { _id: hostId },
      [
        {
          $set: {
            askedAt: { $ifNull: ['$askedAt', '$$NOW'] },
            askedBy: { $ifNull: ['$askedBy', { $literal: by }] },
            runsUntil: givenMs === null ? { $ifNull: ['$runsUntil', runsUntil] } : runsUntil,
          },
        },
      ],
      { upsert: true, returnDocument: 'after' },
    );
    return drainOf(stored);
  }

  async end(hostId: string): Promise<void> {
    await this.collection.deleteOne({ _id: hostId });
  }

  /** Null where the host may work. */
  async of(hostId: string): Promise<Drain | null> {
    const stored = await this.collection.findOne({ _id: hostId });
    return stored === null ? null : drainOf(stored);
  }

  async all(): Promise<Drain[]> {
    return (await this.collection.find({}).toArray()).map(drainOf);
  }
}

function drainOf(document: unknown): Drain {
  const { _id: hostId, ...drain }: DrainDoc = drainModel.schema.parse(document);
  return { hostId, ...drain };
}
