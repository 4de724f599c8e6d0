import type { ClientSession, Document, Filter } from 'mongodb';
import type { Job } from '../domain/job/types';
import { laneOf } from '../domain/run/lane';
import { decideMisfires, type MisfireDecision, type MissReason, type SkippedSpan } from '../domain/run/misfire';
import { occurrenceId } from '../domain/run/occurrence';
import type { PlacedRun } from '../domain/run/placement';
import type { Timetable } from '../domain/schedule';
import { runModel } from '../model/run';
import { settlementModel } from '../model/settlement';
import type { Database } from './database';
import type { Jobs } from './jobs';
import { catchUp, type IdleSkips, idleUpdate, type OwnSkip, SettlementRecords, spanId } from './settlementRecords';

export interface SettlementOptions {
  misfireHorizonMs: number;
  runRetentionDays: number;
}

export interface SettleRequest extends Pick<PlacedRun, 'boundTo'> {
  job: string;
  /** The definition by which the caller planned; another one is settled by whoever knows that. */
  revision: number;
  table: Timetable;
  /** MongoDB's time. */
  now: Date;
  /** No live host has the labels that the job asks for: the records say so. */
  isHomeless?: boolean;
  /** The job is stopped or planned anew since: only what that plan left in [from, until], in ms, is decided, and nothing of it runs. */
  ended?: { from: number; until: number } | undefined;
}

export interface Settled {
  /** Up to here every occurrence of the job is decided. */
  until: Date;
  /** How many runs were queued and how many occurrences skipped by this call. */
  runs: number;
  skipped: number;
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
  lane: string;
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
  private readonly records;

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly options: SettlementOptions,
  ) {
    this.collection = database.collection(settlementModel);
    this.runs = database.collection(runModel);
    this.records = new SettlementRecords(options.runRetentionDays);
  }

  /**
   * Decides what of the job is older than its grace span and has no record. Idempotent: what another host decided stays, and
   * a claim that comes meanwhile lets the transaction begin anew.
   * Null where the definition is not the one that the caller planned by.
   */
  async settle(request: SettleRequest): Promise<Settled | null> {
    return await this.database.transaction(session => this.settleIn(request, session));
  }

  /**
   * For each of these lanes (`job`, `job~hostId`) that has one: up to where its occurrences are decided; later claims of
   * those give way.
   */
  async settledUntil(lanes: readonly string[], session?: ClientSession): Promise<Map<string, Date>> {
    const batchSize = lanes.length + 1;
    const stored = await this.collection.find({ _id: { $in: [...lanes] } }, { session, batchSize }).toArray();
    return new Map(stored.map(document => settlementModel.schema.parse(document)).map(one => [one._id, one.until]));
  }

  /** Every occurrence of every job that was due by then has a record; null when nothing is known of that. */
  async checkpoint(): Promise<Date | null> {
    return (await this.settledUntil([checkpointId])).get(checkpointId) ?? null;
  }

  /**
   * The same of what is this host's own: the occurrences of jobs that every host runs. A host that is met for the first
   * time, or again when nothing is known of it any more, has missed nothing until now.
   */
  async hostCheckpoint(hostId: string, now: Date): Promise<Date> {
    const _id = checkpointOf(hostId);
    const first = { until: now, expireAt: new Date(now.getTime() + keptMs) };
    await this.collection.updateOne({ _id }, { $setOnInsert: first }, { upsert: true });
    return (await this.settledUntil([_id])).get(_id) ?? now;
  }

  /** Moves the checkpoint forward, and this host's own; never back. */
  async moveCheckpoint(until: Date, hostId: string): Promise<void> {
    const ids = [checkpointId, checkpointOf(hostId)];
    await this.collection.bulkWrite(
      ids.map(_id => ({ updateOne: { filter: { _id }, update: movedTo(until), upsert: true } })),
      { ordered: false },
    );
  }

  /** Records skips under their own keys; what has a record keeps it. */
  async recordSkips(skips: readonly OwnSkip[], now: Date): Promise<void> {
    const records = skips.map(({ job, at, reason }) => this.records.skipped(job, new Date(at), reason, now));
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
    const { job, revision, ended } = request;
    const definition = (await this.jobs.current([job], session)).get(job);
    if (definition === undefined || (ended === undefined && definition.revision !== revision)) return null;
    const settling = await this.settling(request, { ...definition, revision }, session);
    if (settling.until <= settling.after) return { until: new Date(settling.after), runs: 0, skipped: 0 };
    const decision = decideMisfires({
      table: request.table,
      after: settling.after,
      until: settling.until,
      recorded: await this.recordedTimes(settling),
      misfire: ended === undefined ? definition.misfire : 'skip',
      misfireLimit: definition.misfireLimit,
      ownAfter: request.now.getTime() - 2 * definition.graceMs,
    });
    const count = await this.write(settling, decision);
    return { until: new Date(settling.until), runs: decision.run.length, skipped: count };
  }

  private async settling(request: SettleRequest, definition: Job, session: ClientSession): Promise<Settling> {
    const { now, boundTo, ended } = request;
    const lane = laneOf(request);
    const checkpoint = boundTo === undefined ? checkpointId : checkpointOf(boundTo);
    const stored = await this.collection.find({ _id: { $in: [lane, checkpoint] } }, { session }).toArray();
    const known = stored.map(document => settlementModel.schema.parse(document));
    const after = Math.max(
      (ended?.from ?? definition.plannedFromAt.getTime()) - 1,
      now.getTime() - this.options.misfireHorizonMs,
      ...known.map(({ until }) => until.getTime()),
    );
    const until = ended?.until ?? now.getTime() - definition.graceMs - definition.jitterMs - marginMs;
    const span = known.find(({ _id }) => _id === lane)?.span;
    return { ...request, definition, lane, session, after, until, span };
  }

  /**
   * Times of the window that have a record of their own. Claims that have not started are marked as counted: a claim that
   * comes too late takes itself back, but not when it was relied upon here.
   */
  private async recordedTimes({ job, boundTo, after, until, session }: Settling): Promise<number[]> {
    const window = { job, scheduledAt: { $gt: new Date(after), $lte: new Date(until) } };
    const stored = await this.runs
      .find(window, { session, projection: { _id: 1, scheduledAt: 1 } })
      .hint('job')
      .toArray();
    if (stored.length === 0) return [];
    const own = boundTo === undefined ? {} : { boundTo };
    const unstarted = { ...window, ...own, state: { $in: ['queued', 'running'] }, startedAt: null };
    await this.runs.updateMany(unstarted, { $set: { counted: true } }, { session });
    return stored.flatMap(({ _id, scheduledAt }) =>
      scheduledAt instanceof Date && _id === occurrenceId(job, scheduledAt, boundTo) ? [scheduledAt.getTime()] : [],
    );
  }

  /** Answers how many occurrences were skipped. */
  private async write(settling: Settling, { run, own, spans }: MisfireDecision): Promise<number> {
    const { lane, session, until } = settling;
    const records = [
      ...run.map(at => this.records.queued(settling, new Date(at))),
      ...own.map(({ at, reason }) => this.records.missed(settling, new Date(at), reason)),
    ];
    let head = settling.span;
    for (const span of [...spans].sort((a, b) => a.to - b.to)) {
      const grown = await this.grow(settling, span);
      head = { id: grown ?? spanId(settling, span), reason: span.reason, to: new Date(span.to) };
      if (grown === null) records.push(this.records.span(settling, span));
    }
    if (records.length > 0) await this.runs.insertMany(records, { session, ordered: true });
    const given = run.length > 0 ? await this.trimWaiting(settling) : 0;
    const moved = movedTo(new Date(until));
    const set = head === undefined ? {} : { $set: { span: head } };
    await this.collection.updateOne({ _id: lane }, { ...moved, ...set }, { upsert: true, session });
    return given + own.length + spans.reduce((sum, span) => sum + span.count, 0);
  }

  /** Lets the job's last record of skips grow where these follow it without a gap. Answers its id; null where not. */
  private async grow(
    { span: head, table, now, session }: Settling,
    span: SkippedSpan & { reason: MissReason },
  ): Promise<string | null> {
    if (head === undefined || head.reason !== span.reason || table.previous(span.from) !== head.to.getTime())
      return null;
    const expireAt = this.records.expireAt(now);
    const result = await this.runs.updateOne(
      { _id: head.id, state: 'skipped' },
      { $set: { to: new Date(span.to), finishedAt: now, expireAt }, $inc: { count: span.count } },
      { session },
    );
    return result.matchedCount === 1 ? head.id : null;
  }

  /**
   * Of what waits for a host that is not there, the policy's limit counts for all that has been decided so far: the oldest
   * give way to the newest. Answers how many.
   */
  private async trimWaiting(settling: Settling): Promise<number> {
    const { definition, boundTo, now, session } = settling;
    if (boundTo === undefined && settling.isHomeless !== true) return 0;
    const kept = definition.misfire === 'all' ? definition.misfireLimit : 1;
    const waiting: Filter<Document & { _id: string }> = {
      state: 'queued',
      queue: catchUp(settling),
      trigger: 'schedule',
      member: '',
    };
    const newest = this.runs.find(waiting, { session, projection: { _id: 1 } }).sort({ scheduledAt: -1 });
    const old = (await newest.toArray()).slice(kept).map(({ _id }) => _id);
    if (old.length === 0) return 0;
    const { modifiedCount } = await this.runs.updateMany(
      { ...waiting, _id: { $in: old } },
      {
        $set: { state: 'skipped', reason: 'misfire', finishedAt: now },
        $unset: { slot: '', lanes: '', queue: '' },
        $inc: { fence: 1 },
      },
      { session },
    );
    return modifiedCount;
  }
}

function checkpointOf(hostId: string): string {
  return `${checkpointId}~${hostId}`;
}

function movedTo(until: Date) {
  return { $max: { until, expireAt: new Date(until.getTime() + keptMs) } };
}
