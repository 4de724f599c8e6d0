import { type ClientSession, MongoBulkWriteError } from 'mongodb';
import { z } from 'zod';
import { type RunDoc, runModel } from '../model/run';
import { type Database, isAway } from './database';

/** A run as it is claimed: running, not started. */
export interface NewRun {
  id: string;
  job: string;
  jobRevision: number;
  scheduledAt: Date;
  claimedAt: Date;
  onLost: RunDoc['onLost'];
  /** Whether it must be alone: takes the job's slot. */
  alone: boolean;
  member: string;
  hostId: string;
}

export interface ClaimResult {
  won: string[];
  /** Another member has a record of it. */
  lost: string[];
  /** Another run of the job holds the slot. */
  busy: string[];
}

export interface UnfinishedRun {
  id: string;
  job: string;
  jobRevision: number;
  scheduledAt: Date;
  member: string;
  fence: number;
  attempt: number;
  startedAt: Date | null;
  lostCount: number;
  onLost: RunDoc['onLost'];
}

const unfinished = { $in: ['queued', 'running'] };
const dayMs = 86_400_000;
const idOnly = z.object({ _id: z.string() });
const batchSize = 1000;

/** The records of occurrences, and the atomic writes by which exactly one member has each. */
export class Runs {
  private readonly collection;

  constructor(
    database: Database,
    private readonly retentionDays: number,
  ) {
    this.collection = database.collection(runModel);
  }

  /**
   * Claims a batch by ONE unordered insertMany: the unique _id lets one member have each occurrence, the unique slot
   * one run of a job. Where the outcome is unknown it is read back before anything is acted on.
   */
  async claim(runs: readonly NewRun[], session?: ClientSession): Promise<ClaimResult> {
    if (runs.length === 0) return { won: [], lost: [], busy: [] };
    const ids = runs.map(run => run.id);
    let refused: string[];
    try {
      await this.collection.insertMany(
        runs.map(run => this.document(run)),
        { ordered: false, session },
      );
      refused = [];
    } catch (error) {
      if (error instanceof MongoBulkWriteError && onlyDuplicates(error)) {
        refused = indexesOf(error).flatMap(index => ids[index] ?? []);
      } else if (isAway(error) || error instanceof MongoBulkWriteError) {
        refused = await this.notMine(runs);
      } else {
        throw error;
      }
    }
    const recorded = refused.length === 0 ? new Set<string>() : await this.recorded(refused);
    const gone = new Set(refused);
    return {
      won: ids.filter(id => !gone.has(id)),
      lost: refused.filter(id => recorded.has(id)),
      busy: refused.filter(id => !recorded.has(id)),
    };
  }

  /** Which of these occurrences have a record. */
  async recorded(ids: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let from = 0; from < ids.length; from += batchSize) {
      const stored = await this.collection
        .find({ _id: { $in: ids.slice(from, from + batchSize) } })
        .project({ _id: 1 })
        .toArray();
      for (const document of stored) found.add(idOnly.parse(document)._id);
    }
    return found;
  }

  /** Writes that these claimed runs start now; the answer holds those that were still this member's. */
  async start(ids: readonly string[], member: string, startedAt: Date): Promise<Set<string>> {
    const mine = { _id: { $in: [...ids] }, member, state: 'running', startedAt: null };
    const result = await this.collection.updateMany(mine, [
      { $set: { startedAt, latenessMs: { $subtract: [startedAt, '$scheduledAt'] } } },
    ]);
    if (result.matchedCount === ids.length) return new Set(ids);
    const stored = await this.collection
      .find({ _id: { $in: [...ids] }, member, state: 'running', startedAt })
      .project({ _id: 1 })
      .toArray();
    return new Set(stored.map(document => idOnly.parse(document)._id));
  }

  /** Records that a claimed run was not executed, and why. */
  async skip(id: string, fence: number, reason: 'paused' | 'changed', now: Date): Promise<boolean> {
    return await this.end(id, fence, { state: 'skipped', reason, finishedAt: now });
  }

  /** Records an occurrence that gave way to a run of the same job. False when it has a record already. */
  async insertSkipped(run: NewRun, reason: 'overlap', now: Date): Promise<boolean> {
    const { slot: _slot, ...document } = this.document(run);
    const skipped = { ...document, state: 'skipped', reason, finishedAt: now };
    const result = await this.collection.updateOne({ _id: run.id }, { $setOnInsert: skipped }, { upsert: true });
    return result.upsertedCount === 1;
  }

  /** The next attempt of a run that failed: attempt + 1, fence + 1. Null when it is not this member's any more. */
  async retry(id: string, fence: number, startedAt: Date): Promise<number | null> {
    const stored = await this.collection.findOneAndUpdate(
      { _id: id, fence, state: 'running' },
      { $inc: { attempt: 1, fence: 1 }, $set: { startedAt } },
      { returnDocument: 'after' },
    );
    return stored === null ? null : runModel.schema.parse(stored).fence;
  }

  /** Ends a run without touching alerts; false when the fence is not this one any more. */
  async end(id: string, fence: number, fields: Partial<Omit<RunDoc, '_id' | 'fence'>>): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: id, fence, state: unfinished },
      { $set: fields, $unset: { slot: '' } },
    );
    return result.matchedCount === 1;
  }

  /** For each of these jobs whose slot is taken: the member that holds it. */
  async slotOwners(jobs: readonly string[]): Promise<Map<string, string>> {
    const stored = await this.collection.find({ slot: { $in: [...jobs] } }).toArray();
    return new Map(stored.map(document => runModel.schema.parse(document)).map(run => [run.job, run.member]));
  }

  /** The members that hold unfinished runs. */
  async unfinishedMembers(): Promise<string[]> {
    const stored = await this.collection
      .aggregate([{ $match: { state: unfinished } }, { $group: { _id: '$member' } }], { hint: 'unfinished' })
      .toArray();
    return stored.map(document => idOnly.parse(document)._id);
  }

  /** Unfinished runs of these members, oldest first. */
  async unfinishedOf(members: readonly string[], limit: number): Promise<UnfinishedRun[]> {
    const stored = await this.collection
      .find({ member: { $in: [...members] }, state: unfinished })
      .sort({ scheduledAt: 1 })
      .limit(limit)
      .toArray();
    return stored.map(document => {
      const { _id, ...run } = runModel.schema.parse(document);
      return { id: _id, ...run };
    });
  }

  /** Takes a run from a member that is not live: fence + 1, so that whatever its old owner writes finds no match. */
  async takeOver(
    run: UnfinishedRun,
    to: { member: string; hostId: string; now: Date; lostCount: number },
  ): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: run.id, fence: run.fence, member: run.member, state: unfinished },
      {
        $set: {
          member: to.member,
          hostId: to.hostId,
          claimedAt: to.now,
          startedAt: null,
          lostCount: to.lostCount,
          state: 'running',
        },
        $inc: { fence: 1 },
      },
    );
    return result.matchedCount === 1;
  }

  /** Ends a run whose member is not live and that may not run twice. */
  async closeLost(run: UnfinishedRun, now: Date): Promise<boolean> {
    const error = {
      code: 'memberLost',
      message: `The member ${run.member} that ran it was lost; by onLost it is not run again.`,
    };
    const result = await this.collection.updateOne(
      { _id: run.id, fence: run.fence, member: run.member, state: unfinished },
      { $set: { state: 'lost', finishedAt: now, error }, $inc: { fence: 1 }, $unset: { slot: '' } },
    );
    return result.matchedCount === 1;
  }

  /**
   * A member that ends in good order gives a run up that may run again: no one runs it now, and who sees its member gone
   * takes it over, uncounted.
   */
  async release(run: UnfinishedRun): Promise<boolean> {
    const result = await this.collection.updateOne(
      { _id: run.id, fence: run.fence, member: run.member, state: unfinished },
      { $set: { state: 'queued', startedAt: null }, $inc: { fence: 1 } },
    );
    return result.matchedCount === 1;
  }

  private document(run: NewRun): Omit<RunDoc, '_id'> & { _id: string } {
    const { id, alone, ...fields } = run;
    return {
      _id: id,
      ...fields,
      trigger: 'schedule',
      startedAt: null,
      finishedAt: null,
      latenessMs: 0,
      state: 'running',
      reason: null,
      attempt: 1,
      lostCount: 0,
      fence: 1,
      ...(alone ? { slot: run.job } : {}),
      outcome: null,
      error: null,
      expireAt: new Date(run.claimedAt.getTime() + this.retentionDays * dayMs),
    };
  }

  /** After an unknown outcome: the runs of this batch that are not stored as this member's own. */
  private async notMine(runs: readonly NewRun[]): Promise<string[]> {
    const member = runs[0]?.member;
    const stored = await this.collection
      .find({ _id: { $in: runs.map(run => run.id) }, member, fence: 1 })
      .project({ _id: 1 })
      .toArray();
    const mine = new Set(stored.map(document => idOnly.parse(document)._id));
    return runs.map(run => run.id).filter(id => !mine.has(id));
  }
}

function onlyDuplicates(error: MongoBulkWriteError): boolean {
  return (
    error.result.getWriteConcernError() === undefined && error.result.getWriteErrors().every(one => one.code === 11000)
  );
}

function indexesOf(error: MongoBulkWriteError): number[] {
  return error.result.getWriteErrors().map(one => one.index);
}
