import { type ClientSession, CursorTimeoutMode } from 'mongodb';
import { z } from 'zod';
import type { Job } from '../domain/job/types';
import { jobModel } from '../model/definition';
import { jobSpecSchema } from '../model/jobSpec';
import type { Database } from './database';
import { Revisions } from './revisions';

/** A job or its tombstone as the members read it. */
export type StoredJob = { deleted: false; job: Job } | { deleted: true; name: string; revision: number };

/**
 * 100,000 jobs take longer than one operation may: its limit counts for each answer. An answer is read in one go, so it
 * is kept short.
 */
const inAnswers = { timeoutMode: CursorTimeoutMode.ITERATION, batchSize: 500 };

/** Read definitions that are kept for the next look; beyond that the oldest is read anew. */
const keptAtMost = 20_000;

interface KeptJob {
  job: Job;
  writtenAt: number;
  /** The newest write of any definition when it was last seen unchanged. */
  asOf: string | null;
}

/** Jobs as the timekeeper and the runs read them; definitions.ts writes them. */
export class Jobs {
  private readonly collection;
  private readonly revisions;
  /** What `current` has read before. Every write of a definition draws another revision at another time. */
  private readonly kept = new Map<string, KeptJob>();

  constructor(database: Database) {
    this.collection = database.collection(jobModel);
    this.revisions = new Revisions(database);
  }

  /**
   * The newest definitions, from the primary; a job that is missing or deleted is not in the answer. What was read before
   * and stands unchanged there is not transferred again: where no definition was written since it was last looked at, a
   * burst of due jobs asks for the counter alone, otherwise for their revisions.
   */
  async current(names: readonly string[], session?: ClientSession): Promise<Map<string, Job>> {
    const newest = await this.revisions.newestWrite(session);
    const found = new Map<string, Job>();
    const others: string[] = [];
    for (const name of names) {
      const kept = this.kept.get(name);
      if (kept !== undefined && newest !== null && kept.asOf === newest) found.set(name, kept.job);
      else others.push(name);
    }
    if (others.length === 0) return found;
    return new Map([...found, ...(await this.looked(others, newest, session))]);
  }

  private async looked(names: readonly string[], asOf: string | null, session?: ClientSession) {
    const known = names.filter(name => this.kept.has(name));
    const fresh = names.filter(name => !this.kept.has(name));
    const [unchanged, others] = await Promise.all([
      this.unchanged(known, asOf, session),
      this.read(fresh, asOf, session),
    ]);
    const changed = known.filter(name => !unchanged.has(name));
    return new Map([...unchanged, ...others, ...(await this.read(changed, asOf, session))]);
  }

  private async unchanged(names: readonly string[], asOf: string | null, session?: ClientSession) {
    const found = new Map<string, Job>();
    if (names.length === 0) return found;
    const heads = await this.find(names, session).project({ revision: 1, updatedAt: 1 }).toArray();
    for (const document of heads) {
      const { _id, revision, updatedAt } = headSchema.parse(document);
      const kept = this.kept.get(_id);
      if (kept?.job.revision !== revision || kept.writtenAt !== updatedAt.getTime()) continue;
      kept.asOf = asOf;
      found.set(_id, kept.job);
    }
    return found;
  }

  private async read(
    names: readonly string[],
    asOf: string | null,
    session?: ClientSession,
  ): Promise<Map<string, Job>> {
    if (names.length === 0) return new Map();
    const found = new Map<string, Job>();
    for (const document of await this.find(names, session).toArray()) {
      const entry = parseJob(document);
      if (entry.deleted) continue;
      found.set(entry.job.name, entry.job);
      this.keep({ job: entry.job, writtenAt: headSchema.parse(document).updatedAt.getTime(), asOf });
    }
    return found;
  }

  /** All in the first batch: a second one would be a round trip more on the way of every claim. */
  private find(names: readonly string[], session?: ClientSession) {
    const live = { _id: { $in: [...names] }, deleted: false };
    return this.collection.find(live, { session, batchSize: names.length + 1 });
  }

  private keep(kept: KeptJob): void {
    this.kept.delete(kept.job.name);
    this.kept.set(kept.job.name, kept);
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
