import { type ClientSession, MongoBulkWriteError } from 'mongodb';
import { z } from 'zod';
import type { Labels } from '../domain/message/types';
import { givenUp, type RunDoc, runModel, unfinishedStates } from '../model/run';
import { type Database, isAway, isDuplicateKey } from './database';
import { claimed, type NewRun, skipped } from './runDocument';

export interface ClaimResult {
  won: string[];
  /** Another member has a record of it. */
  lost: string[];
  /** Another run of the job holds the slot. */
  busy: string[];
}

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
        runs.map(run => claimed(run, this.retentionDays)),
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
  async start(runs: readonly { id: string; fence: number }[], member: string, startedAt: Date): Promise<Set<string>> {
    const fences = [...new Set(runs.map(run => run.fence))];
    const started = fences.map(fence => {
      const ids = runs.filter(run => run.fence === fence).map(run => run.id);
      return this.startUnder(fence, ids, member, startedAt);
    });
    return new Set((await Promise.all(started)).flatMap(ids => [...ids]));
  }

  private async startUnder(fence: number, ids: string[], member: string, startedAt: Date): Promise<Set<string>> {
    const mine = { _id: { $in: ids }, fence, member, state: 'running' };
    const result = await this.collection.updateMany({ ...mine, startedAt: null }, [
      { $set: { startedAt, latenessMs: { $subtract: [startedAt, '$scheduledAt'] } } },
    ]);
    if (result.matchedCount === ids.length) return new Set(ids);
    const stored = await this.collection
      .find({ ...mine, startedAt })
      .project({ _id: 1 })
      .toArray();
    return new Set(stored.map(document => idOnly.parse(document)._id));
  }

  /** Records that a claimed run was not executed, and why. */
  async skip(id: string, fence: number, reason: RunDoc['reason'], now: Date): Promise<boolean> {
    return await this.end(id, fence, { state: 'skipped', reason, finishedAt: now });
  }

  /**
   * Takes a claim back that came too late: its occurrence was settled by the misfire policy. False where that has relied
   * on the claim, and where it is not this member's any more.
   */
  async withdraw(id: string, fence: number, member: string): Promise<boolean> {
    const result = await this.collection.deleteOne({
      _id: id,
      fence,
      member,
      startedAt: null,
      state: unfinishedStates,
      counted: { $exists: false },
    });
    return result.deletedCount === 1;
  }

  /**
   * Gives back a run that has become this member's but is for hosts with these labels: the next sweep of one of those takes
   * it. False where it is not this member's any more.
   */
  async putBack(run: { id: string; fence: number }, member: string, hostLabels: Labels): Promise<boolean> {
    const { id: _id, fence } = run;
    const result = await this.collection.updateOne(
      { _id, fence, member, startedAt: null, state: 'running' },
      { $set: { state: 'queued', member: givenUp, hostLabels }, $inc: { fence: 1 } },
    );
    return result.matchedCount === 1;
  }

  /** Records an occurrence that gave way to a run of the same job. False when it has a record already. */
  async insertSkipped(run: NewRun, reason: 'overlap', now: Date): Promise<boolean> {
    const { _id, ...document } = skipped(run, reason, now, this.retentionDays);
    try {
      const result = await this.collection.updateOne({ _id }, { $setOnInsert: document }, { upsert: true });
      return result.upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
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
      { _id: id, fence, state: unfinishedStates },
      { $set: fields, $unset: { slot: '', lanes: '', queue: '' } },
    );
    return result.matchedCount === 1;
  }

  /** For each of these lanes that is taken: the member that holds it. */
  async slotOwners(lanes: readonly string[]): Promise<Map<string, string>> {
    const stored = await this.collection.find({ slot: { $in: [...lanes] } }).toArray();
    return new Map(stored.map(document => runModel.schema.parse(document)).map(run => [run.slot ?? '', run.member]));
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
