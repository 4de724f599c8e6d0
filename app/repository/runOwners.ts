import { z } from 'zod';
import type { PlacedRun } from '../domain/run/placement';
import { givenUp, type RunDoc, runModel, unfinishedStates } from '../model/run';
import type { Database } from './database';

/** A run under way as its owners see it. */
export interface UnfinishedRun extends PlacedRun {
  id: string;
  job: string;
  jobRevision: number;
  trigger: RunDoc['trigger'];
  scheduledAt: Date;
  member: string;
  fence: number;
  attempt: number;
  startedAt: Date | null;
  lostCount: number;
  onLost: RunDoc['onLost'];
  slot?: string | undefined;
  cancelRequestedAt?: Date | undefined;
  cancelRequestedBy?: string | undefined;
  requestedBy?: string | undefined;
  requestKey?: string | undefined;
}

/** Not one that waits for a lane: it belongs to nobody, and is lost with nobody. */
const held = { state: unfinishedStates, 'lanes.0': { $exists: false } };
const idOnly = z.object({ _id: z.string() });
const counted = z.object({ _id: z.string(), count: z.number() });

/** Who holds runs under way, and how they change hands. */
export class RunOwners {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(runModel);
  }

  /** The members that are named by unfinished runs. */
  async unfinishedMembers(): Promise<string[]> {
    const stored = await this.collection
      .aggregate([{ $match: { member: { $gt: '' }, state: unfinishedStates } }, { $group: { _id: '$member' } }], {
        hint: 'unfinished',
      })
      .toArray();
    return stored.map(document => idOnly.parse(document)._id);
  }

  /** How many runs each member has in progress. */
  async running(): Promise<Map<string, number>> {
    const stored = await this.collection
      .aggregate(
        [{ $match: { member: { $gt: '' }, state: 'running' } }, { $group: { _id: '$member', count: { $sum: 1 } } }],
        { hint: 'unfinished' },
      )
      .toArray();
    return new Map(stored.map(document => counted.parse(document)).map(({ _id, count }) => [_id, count]));
  }

  /** Unfinished runs that these members hold, oldest first. */
  async unfinishedOf(members: readonly string[], limit: number): Promise<UnfinishedRun[]> {
    return await this.heldBy(members, limit, {});
  }

  /** Of these those that are not bound to another host than this one. */
  async unfinishedFor(hostId: string, members: readonly string[], limit: number): Promise<UnfinishedRun[]> {
    return await this.heldBy(members, limit, { boundTo: { $in: [null, hostId] } });
  }

  /** The others: those that are bound to another host. */
  async unfinishedElsewhere(hostId: string, members: readonly string[], limit: number): Promise<UnfinishedRun[]> {
    return await this.heldBy(members, limit, { boundTo: { $nin: [null, hostId] } });
  }

  private async heldBy(
    members: readonly string[],
    limit: number,
    bound: { boundTo?: { $in: (string | null)[] } | { $nin: (string | null)[] } },
  ): Promise<UnfinishedRun[]> {
    const stored = await this.collection
      .find({ member: { $in: [...members] }, ...bound, ...held })
      .sort({ scheduledAt: 1 })
      .limit(limit)
      .toArray();
    return stored.map(unfinishedRun);
  }

  /** Takes a run from a member that is not live: fence + 1, so that whatever its old owner writes finds no match. */
  async takeOver(
    run: UnfinishedRun,
    to: { member: string; hostId: string; now: Date; lostCount: number },
  ): Promise<boolean> {
    const { member, hostId, now: claimedAt, lostCount } = to;
    const change = { member, hostId, claimedAt, startedAt: null, lostCount, state: 'running' };
    return await this.change(run, { $set: change });
  }

  /** Ends a run whose member is not live and that may not run twice, or not where anybody is. */
  async closeLost(run: UnfinishedRun, now: Date, error = memberLost(run)): Promise<boolean> {
    return await this.change(run, { $set: { state: 'lost', finishedAt: now, error }, $unset: { slot: '' } });
  }

  /**
   * A member that ends in good order, or may not work now, gives a run up that may run again: no one runs it now, and the
   * next sweep of any other takes it over.
   */
  async release(run: UnfinishedRun, lostCount: number): Promise<boolean> {
    return await this.change(run, { $set: { state: 'queued', startedAt: null, member: givenUp, lostCount } });
  }

  /** Only as it was read: what has started since is lost in another way than what had not. */
  private async change(run: UnfinishedRun, update: { $set: object; $unset?: { slot: '' } }): Promise<boolean> {
    const { id: _id, fence, member, startedAt } = run;
    const result = await this.collection.updateOne(
      { _id, fence, member, startedAt, ...held },
      { ...update, $inc: { fence: 1 } },
    );
    return result.matchedCount === 1;
  }
}

function memberLost({ member }: UnfinishedRun): { code: string; message: string } {
  return { code: 'memberLost', message: `The member ${member} that ran it was lost; by onLost it is not run again.` };
}

/** Reads a stored run as its owners see it. */
export function unfinishedRun(document: unknown): UnfinishedRun {
  const { _id: id, ...run } = runModel.schema.parse(document);
  return { id, ...run };
}
