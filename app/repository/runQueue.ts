import { z } from 'zod';
import { queueOf, waitingPlace } from '../domain/run/lane';
import { mayRunOn, type PlacedHost } from '../domain/run/placement';
import { runModel } from '../model/run';
import { type Database, isDuplicateKey } from './database';
import { type UnfinishedRun, unfinishedRun } from './runOwners';

/** Costs as much as there are queues, however many runs wait in each. */
export const heads = [
  { $match: { state: 'queued', queue: { $gt: '' } } },
  { $sort: { state: 1, queue: 1, scheduledAt: 1, _id: 1 } },
  {
    $group: {
      _id: '$queue',
      lanes: { $first: '$lanes' },
      boundTo: { $first: '$boundTo' },
      hostLabels: { $first: '$hostLabels' },
    },
  },
];
const { boundTo, hostLabels } = runModel.schema.shape;
const head = z.object({ lanes: z.array(z.string()), boundTo: boundTo.nullable(), hostLabels: hostLabels.nullable() });

/** Runs that wait for a lane. A lane is a slot: the unique index lets one run have it, whoever starts runs where. */
export class RunQueue {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(runModel);
  }

  /** The lanes for which the oldest run of each queue waits, of those that may be executed on this host. */
  async lanes(host: PlacedHost): Promise<string[]> {
    const stored = await this.collection.aggregate(heads, { hint: 'queue' }).toArray();
    return stored
      .map(document => head.parse(document))
      .filter(({ boundTo, hostLabels }) =>
        mayRunOn({ boundTo: boundTo ?? undefined, hostLabels: hostLabels ?? undefined }, host),
      )
      .flatMap(({ lanes }) => lanes);
  }

  /** Which of these lanes are held. */
  async busy(lanes: readonly string[]): Promise<Set<string>> {
    const stored = await this.collection
      .find({ slot: { $in: [...lanes] } })
      .project({ slot: 1 })
      .toArray();
    return new Set(stored.map(document => String(document['slot'])));
  }

  /**
   * Gives a free lane to the oldest run that waits for it, in one write under fence + 1. Null when the lane is held or
   * nobody waits.
   */
  async promote(lane: string, to: { member: string; hostId: string; now: Date }): Promise<UnfinishedRun | null> {
    const { member, hostId, now: claimedAt } = to;
    try {
      const stored = await this.collection.findOneAndUpdate(
        { state: 'queued', queue: queueOf(lane), lanes: lane },
        {
          $set: { state: 'running', slot: lane, member, hostId, claimedAt, startedAt: null },
          $unset: { lanes: '', queue: '' },
          $inc: { fence: 1 },
        },
        { sort: { scheduledAt: 1, _id: 1 }, returnDocument: 'after' },
      );
      return stored === null ? null : unfinishedRun(stored);
    } catch (error) {
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  /** Who has a job's own lane, and who its waiting place. */
  async places(lane: string): Promise<{ running: UnfinishedRun | null; waiting: UnfinishedRun | null }> {
    const waitingSlot = waitingPlace(lane);
    const stored = (await this.collection.find({ slot: { $in: [lane, waitingSlot] } }).toArray()).map(unfinishedRun);
    const at = (slot: string) => stored.find(run => run.slot === slot) ?? null;
    return { running: at(lane), waiting: at(waitingSlot) };
  }

  /** Ends a run that waits in favour of another one; false when it does not wait any more. */
  async giveWay({ id, fence }: { id: string; fence: number }, now: Date): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: id, fence, state: 'queued', 'lanes.0': { $exists: true } },
      endedAs({ state: 'skipped', reason: 'overlap', finishedAt: now }),
    );
    return result.matchedCount === 1;
  }

  /** Ends what has been waiting since before `since`; answers how many. */
  async expire(since: Date, now: Date): Promise<number> {
    const result = await this.collection.updateMany(
      { state: 'queued', 'lanes.0': { $exists: true }, claimedAt: { $lt: since } },
      endedAs({ state: 'skipped', reason: 'expired', finishedAt: now }),
    );
    return result.modifiedCount;
  }

  /** Ends what still waits of a deleted job, up to the revision of its deletion. */
  async removeJob(job: string, upToRevision: number, now: Date): Promise<void> {
    await this.collection.updateMany(
      { job, state: 'queued', 'lanes.0': { $exists: true }, jobRevision: { $lte: upToRevision } },
      endedAs({ state: 'skipped', reason: 'changed', finishedAt: now }),
    );
  }
}

function endedAs(fields: { state: 'skipped'; reason: 'overlap' | 'expired' | 'changed'; finishedAt: Date }) {
  return { $set: fields, $unset: { slot: '', lanes: '', queue: '' }, $inc: { fence: 1 } } as const;
}
