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

/** Read definitions that are kept for the next look; beyond that the oldest is read anew. */
const keptAtMost = 20_000;

/** Jobs as the timekeeper and the runs read them; definitions.ts writes them. */
export class Jobs {
  private readonly collection;
  /** What `current` has read before. Every write of a definition draws another revision at another time. */
  private readonly kept = new Map<string, { writtenAt: number; job: Job }>();

  constructor(database: Database) {
    this.collection = database.collection(jobModel);
  }

  /**
   * The newest definitions, from the primary; a job that is missing or deleted is not in the answer. What was read before
   * and stands unchanged there is not transferred again: a burst of due jobs asks for little more than their revisions.
   */
  async current(names: readonly string[], session?: ClientSession): Promise<Map<string, Job>> {
    const known = names.filter(name => this.kept.has(name));
    const fresh = names.filter(name => !this.kept.has(name));
    const [unchanged, others] = await Promise.all([this.unchanged(known, session), this.read(fresh, session)]);
    const changed = known.filter(name => !unchanged.has(name));
    return new Map([...unchanged, ...others, ...(await this.read(changed, session))]);
  }

  private async unchanged(names: readonly string[], session?: ClientSession): Promise<Map<string, Job>> {
    if (names.length === 0) return new Map();
    const heads = await this.find(names, session).project({ revision: 1, updatedAt: 1 }).toArray();
    const jobs = heads.flatMap(document => {
      const { _id, revision, updatedAt } = headSchema.parse(document);
      const kept = this.kept.get(_id);
      return kept?.job.revision === revision && kept.writtenAt === updatedAt.getTime() ? [kept.job] : [];
    });
    return new Map(jobs.map(job => [job.name, job]));
  }

  private async read(names: readonly string[], session?: ClientSession): Promise<Map<string, Job>> {
    if (names.length === 0) return new Map();
    const found = new Map<string, Job>();
    for (const document of await this.find(names, session).toArray()) {
      const entry = parseJob(document);
      if (entry.deleted) continue;
      found.set(entry.job.name, entry.job);
      this.keep(entry.job, headSchema.parse(document).updatedAt.getTime());
    }
    return found;
  }

  /** All in the first batch: a second one would be a round trip more on the way of every claim. */
  private find(names: readonly string[], session?: ClientSession) {
    const live = { _id: { $in: [...names] }, deleted: false };
    return this.collection.find(live, { session, batchSize: names.length + 1 });
  }

  private keep(job: Job, writtenAt: number): void {
    this.kept.delete(job.name);
    this.kept.set(job.name, { writtenAt, job });
    if (this.kept.size <= keptAtMost) return;
    for (const oldest of this.kept.keys()) {
      this.kept.delete(oldest);
      break;
    }
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

const headSchema = z.object({ _id: z.string(), revision: z.number().int(), updatedAt: z.date() });
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
