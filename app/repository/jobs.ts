import { type ClientSession, CursorTimeoutMode } from 'mongodb';
import { z } from 'zod';
import type { Job } from '../domain/job/types';
import { jobModel } from '../model/definition';
import { jobSpecSchema } from '../model/jobSpec';
import type { Database } from './database';

/** A job or its tombstone as the members read it. */
export type StoredJob = { deleted: false; job: Job } | { deleted: true; name: string; revision: number };

/**
 * 100,000 jobs take longer than one operation may: its limit counts for each answer. An answer is read in one go, so it
 * is kept short.
 */
const inAnswers = { timeoutMode: CursorTimeoutMode.ITERATION, batchSize: 500 };

/** Jobs as the timekeeper and the runs read them; definitions.ts writes them. */
export class Jobs {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(jobModel);
  }

  /** The newest definitions, from the primary; a job that is missing or deleted is not in the answer. */
  async current(names: readonly string[], session?: ClientSession): Promise<Map<string, Job>> {
    // All in the first batch: a second one would be a round trip more on the way of every claim.
    const batchSize = names.length + 1;
    const live = { _id: { $in: [...names] }, deleted: false };
    const stored = await this.collection.find(live, { session, batchSize }).toArray();
    const jobs = stored.map(parseJob).flatMap(entry => (entry.deleted ? [] : [entry.job]));
    return new Map(jobs.map(job => [job.name, job]));
  }

  /** Everything with a higher revision, tombstones too, in the order of revision. */
  async *changedSince(revision: number): AsyncGenerator<StoredJob> {
    const changed = this.collection.find({ revision: { $gt: revision } }, inAnswers).sort({ revision: 1 });
    for await (const document of changed) {
      yield parseJob(document);
    }
  }

  /** Every job that is not deleted. */
  async *all(): AsyncGenerator<StoredJob> {
    const all = this.collection.find({ deleted: false }, inAnswers);
    for await (const document of all) yield parseJob(document);
  }

  /** One job or its tombstone. */
  async byName(name: string): Promise<StoredJob | null> {
    const document = await this.collection.findOne({ _id: name });
    return document === null ? null : parseJob(document);
  }
}

const liveJob = jobModel.schema.extend({ spec: jobSpecSchema });
const anyJob = z.union([jobModel.schema.extend({ deleted: z.literal(true) }), liveJob]);

/** Reads a stored job; throws a ZodError where the document is not one. */
function parseJob(document: unknown): StoredJob {
  const stored = anyJob.parse(document);
  if (stored.deleted || stored.spec === null) return { deleted: true, name: stored._id, revision: stored.revision };
  const { _id, revision, createdRevision, plannedFromAt, paused, idleSinceAt } = stored;
  const spec = jobSpecSchema.parse(stored.spec);
  return { deleted: false, job: { ...spec, name: _id, revision, createdRevision, plannedFromAt, paused, idleSinceAt } };
}
