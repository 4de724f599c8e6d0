import type { ClientSession, Document, UpdateFilter } from 'mongodb';
import type { Job } from '../domain/job/types';
import { decideMisfires, type MisfireDecision, type MissReason, type SkippedSpan } from '../domain/run/misfire';
import { occurrenceId } from '../domain/run/occurrence';
import type { Timetable } from '../domain/schedule';
import { type RunDoc, runModel } from '../model/run';
import { settlementModel } from '../model/settlement';
import type { Database } from './database';
import type { Jobs } from './jobs';
import { type NewRun, queued, skipped } from './runDocument';

export interface SettlementOptions {
  misfireHorizonMs: number;
  runRetentionDays: number;
}

export interface SettleRequest {
  job: string;
  /** The definition by which the caller planned; another one is settled by whoever knows that. */
  revision: number;
  table: Timetable;
  /** MongoDB's time. */
  now: Date;
}

export interface Settled {
  /** Up to here every occurrence of the job is decided. */
  until: Date;
  /** How many runs were queued and how many occurrences skipped by this call. */
  runs: number;
  skipped: number;
}

/** An occurrence that is recorded as skipped under its own key. */
export interface OwnSkip {
  job: Pick<Job, 'name' | 'revision' | 'onLost' | 'overlap'>;
  at: number;
  reason: NonNullable<RunDoc['reason']>;
}

/** Skips of a paused or disabled job. */
export interface IdleSkips {
  job: OwnSkip['job'];
  span: SkippedSpan;
}

/** What all jobs together are settled up to; no job can have this name. */
const checkpointId = '@checkpoint';
/** Behind the last moment at which a worker may claim by its own estimate of the time. */
const marginMs = 500;
/** Longer than any misfire horizon. */
const keptMs = 8 * 86_400_000;

/** The state of one settling transaction. */
interface Settling extends SettleRequest {
  definition: Job;
  session: ClientSession;
  after: number;
  until: number;
  span: SpanHead | undefined;
}

interface SpanHead {
  id: string;
  reason: string;
  to: Date;
}

/**
 * Decides about missed occurrences, each once for the whole cluster: what runs late, what is skipped, and up to where
 * that is decided are written in one transaction.
 */
export class Settlements {
  private readonly collection;
  private readonly runs;

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly options: SettlementOptions,
  ) {
    this.collection = database.collection(settlementModel);
    this.runs = database.collection(runModel);
  }

  /**
   * Decides what of the job is older than its grace span and has no record. Idempotent: what another host decided stays, and
   * a claim that comes meanwhile lets the transaction begin anew.
   * Null where the definition is not the one that the caller planned by.
   */
  async settle(request: SettleRequest): Promise<Settled | null> {
    return await this.database.transaction(session => this.settleIn(request, session));
  }

  /** For each of these jobs that has one: up to where its occurrences are decided; later claims of those give way. */
  async settledUntil(jobs: readonly string[], session?: ClientSession): Promise<Map<string, Date>> {
    const batchSize = jobs.length + 1;
    const stored = await this.collection.find({ _id: { $in: [...jobs] } }, { session, batchSize }).toArray();
    return new Map(stored.map(document => settlementModel.schema.parse(document)).map(one => [one._id, one.until]));
  }

  /** Every occurrence of every job that was due by then has a record; null when nothing is known of that. */
  async checkpoint(): Promise<Date | null> {
    return (await this.settledUntil([checkpointId])).get(checkpointId) ?? null;
  }

  /** Moves the checkpoint forward; never back. */
  async moveCheckpoint(until: Date): Promise<void> {
    await this.collection.updateOne({ _id: checkpointId }, movedTo(until), { upsert: true });
  }

  /** Records skips under their own keys; what has a record keeps it. */
  async recordSkips(skips: readonly OwnSkip[], now: Date): Promise<void> {
    const records = skips.map(({ job, at, reason }) => this.skippedRecord(job, new Date(at), reason, now));
    if (records.length === 0) return;
    await this.runs.bulkWrite(
      records.map(({ _id, ...record }) => ({
        updateOne: { filter: { _id }, update: { $setOnInsert: record }, upsert: true },
      })),
      { ordered: false },
    );
  }

  /** Makes the record of each idle job's skips grow; never shrinks one. */
  async recordIdle(idle: readonly IdleSkips[], now: Date): Promise<void> {
    if (idle.length === 0) return;
    const updates = idle.map(one => idleUpdate(one, now, this.options.runRetentionDays));
    await this.runs.bulkWrite(
      updates.map(({ filter, update }) => ({ updateOne: { filter, update, upsert: true } })),
      { ordered: false },
    );
  }

  private async settleIn(request: SettleRequest, session: ClientSession): Promise<Settled | null> {
    const definition = (await this.jobs.current([request.job], session)).get(request.job);
    if (definition === undefined || definition.revision !== request.revision) return null;
    const settling = await this.settling(request, definition, session);
    if (settling.until <= settling.after) return { until: new Date(settling.after), runs: 0, skipped: 0 };
    const decision = decideMisfires({
      table: request.table,
      after: settling.after,
      until: settling.until,
      recorded: await this.recordedTimes(settling),
      misfire: definition.misfire,
      misfireLimit: definition.misfireLimit,
      ownAfter: request.now.getTime() - 2 * definition.graceMs,
    });
    const count = await this.write(settling, decision);
    return { until: new Date(settling.until), runs: decision.run.length, skipped: count };
  }

  private async settling(request: SettleRequest, definition: Job, session: ClientSession): Promise<Settling> {
    const { job, now } = request;
    const stored = await this.collection.find({ _id: { $in: [job, checkpointId] } }, { session }).toArray();
    const known = stored.map(document => settlementModel.schema.parse(document));
    const after = Math.max(
      definition.plannedFromAt.getTime() - 1,
      now.getTime() - this.options.misfireHorizonMs,
      ...known.map(({ until }) => until.getTime()),
    );
    const until = now.getTime() - definition.graceMs - definition.jitterMs - marginMs;
    const span = known.find(({ _id }) => _id === job)?.span;
    return { ...request, definition, session, after, until, span };
  }

  /**
   * Times of the window that have a record of their own. Claims that have not started are marked as counted: a claim that
   * comes too late takes itself back, but not when it was relied upon here.
   */
  private async recordedTimes({ job, after, until, session }: Settling): Promise<number[]> {
    const window = { job, scheduledAt: { $gt: new Date(after), $lte: new Date(until) } };
    const stored = await this.runs
      .find(window, { session, projection: { _id: 1, scheduledAt: 1 } })
      .hint('job')
      .toArray();
    if (stored.length === 0) return [];
    const unstarted = { ...window, state: { $in: ['queued', 'running'] }, startedAt: null };
    await this.runs.updateMany(unstarted, { $set: { counted: true } }, { session });
    return stored.flatMap(({ _id, scheduledAt }) =>
      scheduledAt instanceof Date && _id === occurrenceId(job, scheduledAt) ? [scheduledAt.getTime()] : [],
    );
  }

  /** Answers how many occurrences were skipped. */
  private async write(settling: Settling, { run, own, spans }: MisfireDecision): Promise<number> {
    const { definition, session, now, until } = settling;
    const records = [
      ...run.map(at => this.queuedRecord(definition, new Date(at), now)),
      ...own.map(({ at, reason }) => this.skippedRecord(definition, new Date(at), reason, now)),
    ];
    let head = settling.span;
    for (const span of [...spans].sort((a, b) => a.to - b.to)) {
      const grown = await this.grow(settling, span);
      head = { id: grown ?? spanId(definition.name, span), reason: span.reason, to: new Date(span.to) };
      if (grown === null) records.push(this.spanRecord(definition, span, now));
    }
    if (records.length > 0) await this.runs.insertMany(records, { session, ordered: true });
    const moved = movedTo(new Date(until));
    const set = head === undefined ? {} : { $set: { span: head } };
    await this.collection.updateOne({ _id: definition.name }, { ...moved, ...set }, { upsert: true, session });
    return own.length + spans.reduce((sum, span) => sum + span.count, 0);
  }

  /** Lets the job's last record of skips grow where these follow it without a gap. Answers its id; null where not. */
  private async grow(
    { span: head, table, now, session }: Settling,
    span: SkippedSpan & { reason: MissReason },
  ): Promise<string | null> {
    if (head === undefined || head.reason !== span.reason || table.previous(span.from) !== head.to.getTime())
      return null;
    const expireAt = this.expireAt(now);
    const result = await this.runs.updateOne(
      { _id: head.id, state: 'skipped' },
      { $set: { to: new Date(span.to), finishedAt: now, expireAt }, $inc: { count: span.count } },
      { session },
    );
    return result.matchedCount === 1 ? head.id : null;
  }

  private expireAt(now: Date): Date {
    return new Date(now.getTime() + this.options.runRetentionDays * 86_400_000);
  }

  private queuedRecord(job: Job, at: Date, now: Date): RunDoc {
    // One after another: in the job's own lane, or in one of their own where its runs may overlap.
    const lane = job.overlap === 'allow' ? `${job.name}~catchup` : job.name;
    return queued(newRun(job, at, now), [lane], this.options.runRetentionDays);
  }

  private skippedRecord(job: OwnSkip['job'], at: Date, reason: OwnSkip['reason'], now: Date): RunDoc {
    return skipped(newRun(job, at, now), reason, now, this.options.runRetentionDays);
  }

  private spanRecord(job: Job, span: SkippedSpan & { reason: MissReason }, now: Date): RunDoc {
    const { from, to, count, reason } = span;
    const record = this.skippedRecord(job, new Date(from), reason, now);
    return { ...record, _id: spanId(job.name, span), from: new Date(from), to: new Date(to), count };
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
    filter: { _id: spanId(job.name, { from: span.from, reason: 'paused' }) },
    update: {
      $setOnInsert: { ...record, from },
      $max: { to: new Date(span.to), count: span.count, finishedAt, expireAt },
    },
  };
}

function newRun({ name, revision, onLost, overlap }: OwnSkip['job'], scheduledAt: Date, now: Date): NewRun {
  return {
    id: occurrenceId(name, scheduledAt),
    job: name,
    jobRevision: revision,
    trigger: 'schedule',
    scheduledAt,
    claimedAt: now,
    onLost,
    overlap,
    member: '',
    hostId: '',
  };
}

function spanId(job: string, { from, reason }: { from: number; reason: string }): string {
  return `${occurrenceId(job, new Date(from))}~${reason}`;
}

function movedTo(until: Date) {
  return { $max: { until, expireAt: new Date(until.getTime() + keptMs) } };
}
