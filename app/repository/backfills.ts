import { MongoBulkWriteError } from 'mongodb';
import { z } from 'zod';
import { type RunDoc, runModel } from '../model/run';
import type { Database } from './database';
import { type NewRun, queued } from './runDocument';

const known = z.object({ _id: z.string(), state: runModel.schema.shape.state, count: z.number().optional() });
const duplicateKey = 11000;

/** Queues occurrences that did not run. */
export class Backfills {
  private readonly collection;

  constructor(
    database: Database,
    private readonly retentionDays: number,
  ) {
    this.collection = database.collection(runModel);
  }

  /** The occurrences that have a record which is more than a skip of their own: nothing is left to do for them. */
  async done(ids: readonly string[]): Promise<Set<string>> {
    const stored = await this.collection
      .find({ _id: { $in: [...ids] } })
      .project({ state: 1, count: 1 })
      .toArray();
    const records = stored.map(document => known.parse(document));
    return new Set(records.filter(({ state }) => state !== 'skipped').map(({ _id }) => _id));
  }

  /**
   * Queues these occurrences: a new record where there is none, and a skipped one is taken over under fence + 1. Answers
   * the ids of those that are queued by this call; the others got another record meanwhile.
   */
  async queue(runs: readonly NewRun[], lanes: string[]): Promise<string[]> {
    if (runs.length === 0) return [];
    const taken = await this.insert(runs, lanes);
    const inserted = runs.filter(run => !taken.has(run.id)).map(run => run.id);
    const over: string[] = [];
    for (const run of runs) if (taken.has(run.id) && (await this.takeOver(run, lanes))) over.push(run.id);
    return [...inserted, ...over];
  }

  /** Answers those that have a record already. */
  private async insert(runs: readonly NewRun[], lanes: string[]): Promise<Set<string>> {
    try {
      await this.collection.insertMany(
        runs.map(run => queued(run, lanes, this.retentionDays)),
        { ordered: false },
      );
      return new Set();
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) throw error;
      const faults = error.result.getWriteErrors();
      const others = faults.some(one => one.code !== duplicateKey);
      if (others || error.result.getWriteConcernError() !== undefined) throw error;
      return new Set(faults.flatMap(one => runs[one.index]?.id ?? []));
    }
  }

  private async takeOver(run: NewRun, lanes: string[]): Promise<boolean> {
    const { _id, fence: _fence, ...fields }: RunDoc = queued(run, lanes, this.retentionDays);
    const result = await this.collection.updateOne(
      { _id, state: 'skipped' },
      {
        $set: fields,
        $unset: { from: '', to: '', count: '', cancelRequestedAt: '', cancelRequestedBy: '', slot: '' },
        $inc: { fence: 1 },
      },
    );
    return result.matchedCount === 1;
  }
}
