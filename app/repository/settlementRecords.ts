import type { Document, UpdateFilter } from 'mongodb';
import type { Job } from '../domain/job/types';
import { catchUpLane } from '../domain/run/lane';
import type { MissReason, SkippedSpan } from '../domain/run/misfire';
import { occurrenceId } from '../domain/run/occurrence';
import { noHost, type PlacedRun, placedOn } from '../domain/run/placement';
import type { RunDoc } from '../model/run';
import { type NewRun, queued, skipped } from './runDocument';

/** An occurrence that is recorded as skipped under its own key. */
export interface OwnSkip {
  job: Pick<Job, 'name' | 'revision' | 'onLost' | 'overlap'> & Pick<PlacedRun, 'boundTo'>;
  at: number;
  reason: NonNullable<RunDoc['reason']>;
}

/** Skips of a paused or disabled job. */
export interface IdleSkips {
  job: OwnSkip['job'];
  span: SkippedSpan;
}

/** What the records of a settlement say besides their times. */
interface Missing extends Pick<PlacedRun, 'boundTo'> {
  job: string;
  definition: Job;
  /** The job's own: `job`, or `job~hostId`. */
  lane: string;
  now: Date;
  isHomeless?: boolean;
}

/** The records of occurrences that nobody has claimed. */
export class SettlementRecords {
  constructor(private readonly retentionDays: number) {}

  /** When a record that is made now is forgotten. */
  expireAt(now: Date): Date {
    return new Date(now.getTime() + this.retentionDays * 86_400_000);
  }

  /** Runs as soon as a host may: in its lane, by whoever is there. */
  queued(missing: Missing, at: Date): RunDoc {
    const run = newRun(placed(missing), at, missing.now);
    return { ...queued(run, [catchUp(missing)], this.retentionDays), ...why(missing) };
  }

  /** Does not run. */
  missed(missing: Missing, at: Date, reason: MissReason): RunDoc {
    return { ...this.skipped(placed(missing), at, reason, missing.now), ...why(missing) };
  }

  /** Does not run, for a reason that is not the misfire policy's. */
  skipped(job: OwnSkip['job'], at: Date, reason: OwnSkip['reason'], now: Date): RunDoc {
    return skipped(newRun(job, at, now), reason, now, this.retentionDays);
  }

  /** Stands for many in a row that do not run. */
  span(missing: Missing, span: SkippedSpan & { reason: MissReason }): RunDoc {
    const { from, to, count, reason } = span;
    const record = this.missed(missing, new Date(from), reason);
    return { ...record, _id: spanId(missing, span), from: new Date(from), to: new Date(to), count };
  }
}

/**
 * The update that makes the one record of a pause, for `updateOne` with upsert. Grows only: whoever knows less changes
 * nothing. The write that resumes a job sends it in its own transaction.
 */
export function idleUpdate(
  { job, span }: IdleSkips,
  now: Date,
  retentionDays: number,
): { filter: { _id: string }; update: UpdateFilter<Document & { _id: string }> } {
  const from = new Date(span.from);
  const { _id, finishedAt, expireAt, ...record } = skipped(newRun(job, from, now), 'paused', now, retentionDays);
  return {
    filter: { _id: spanId({ job: job.name }, { from: span.from, reason: 'paused' }) },
    update: {
      $setOnInsert: { ...record, from },
      $max: { to: new Date(span.to), count: span.count, finishedAt, expireAt },
    },
  };
}

/** The job as its records name it. */
function placed({ definition, boundTo = '' }: Missing): OwnSkip['job'] & PlacedRun {
  return { ...definition, ...placedOn(boundTo, definition.placement) };
}

/** One after another: in the job's own lane, or in one of their own where its runs may overlap. */
export function catchUp({ definition, lane }: Missing): string {
  return definition.overlap === 'allow' ? catchUpLane(lane) : lane;
}

function why({ isHomeless = false, definition }: Missing): Pick<RunDoc, 'error'> | undefined {
  return isHomeless ? { error: noHost(definition.placement.hostLabels) } : undefined;
}

function newRun(job: OwnSkip['job'] & PlacedRun, scheduledAt: Date, now: Date): NewRun {
  const { name, revision, onLost, overlap, boundTo, hostLabels } = job;
  return {
    id: occurrenceId(name, scheduledAt, boundTo),
    job: name,
    jobRevision: revision,
    trigger: 'schedule',
    scheduledAt,
    claimedAt: now,
    onLost,
    overlap,
    member: '',
    hostId: boundTo ?? '',
    ...(boundTo !== undefined && { boundTo }),
    ...(hostLabels !== undefined && { hostLabels }),
  };
}

/** The id of the record that begins with this occurrence and stands for many. */
export function spanId(
  { job, boundTo }: { job: string; boundTo?: string | undefined },
  { from, reason }: { from: number; reason: string },
): string {
  return `${occurrenceId(job, new Date(from), boundTo)}~${reason}`;
}
