import { z } from 'zod';
import { runModel } from '../model/run';
import type { Database } from './database';

const idOnly = z.object({ _id: z.string() });

/** Runs that were asked for under a key, so that asking again is asking once. */
export class RunRequests {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(runModel);
  }

  /** Whether a run was asked for under this key. */
  async has(requestKey: string): Promise<boolean> {
    return (await this.collection.findOne({ requestKey }, { projection: { _id: 1 } })) !== null;
  }

  /** The run that was asked for under this key at or after `since`; a key that is older is free again. */
  async find(requestKey: string, since: Date): Promise<string | null> {
    await this.collection.updateOne({ requestKey, scheduledAt: { $lt: since } }, { $unset: { requestKey: '' } });
    const stored = await this.collection.findOne({ requestKey }, { projection: { _id: 1 } });
    return stored === null ? null : idOnly.parse(stored)._id;
  }
}
