import { cancelled } from '../domain/run/cancel';
import { runModel, unfinishedStates } from '../model/run';
import type { Database } from './database';
import { type UnfinishedRun, unfinishedRun } from './runOwners';

/** How runs are asked to end, and ended for it. */
export class RunCancels {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(runModel);
  }

  /** Asks a run under way to end; false where it is none, or was asked before. */
  async request(id: string, by: string, now: Date): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: id, state: unfinishedStates, 'lanes.0': { $exists: false }, cancelRequestedAt: { $exists: false } },
      { $set: { cancelRequestedAt: now, cancelRequestedBy: by } },
    );
    return result.matchedCount === 1;
  }

  /** Ends a run that waits for a lane at once; false where it does not wait. */
  async cancelQueued(id: string, by: string, now: Date): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: id, state: 'queued', 'lanes.0': { $exists: true } },
      { ...ended(by, now), $set: { ...ended(by, now).$set, cancelRequestedAt: now, cancelRequestedBy: by } },
    );
    return result.matchedCount === 1;
  }

  /** Runs of this member that were asked to end and have not. */
  async requestedOf(member: string, limit: number): Promise<UnfinishedRun[]> {
    const stored = await this.collection
      .find({ member, state: unfinishedStates, cancelRequestedAt: { $exists: true } })
      .hint('cancel')
      .limit(limit)
      .toArray();
    return stored.map(unfinishedRun);
  }

  /** Ends a run as cancelled under fence + 1: what its work still does can write nothing. */
  async close({ id, fence, by }: { id: string; fence: number; by: string }, now: Date): Promise<boolean> {
    const result = await this.collection.updateOne({ _id: id, fence, state: unfinishedStates }, ended(by, now));
    return result.matchedCount === 1;
  }
}

function ended(by: string, now: Date) {
  return {
    $set: { state: 'cancelled', finishedAt: now, error: cancelled(by) },
    $unset: { slot: '', lanes: '', queue: '', chunks: '' },
    $inc: { fence: 1 },
  } as const;
}
