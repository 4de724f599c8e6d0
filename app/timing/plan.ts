import type { DayRule } from '../domain/calendar/types';
import type { Job, OnLost, Overlap } from '../domain/job/types';
import type { RunHint } from '../ipc/messages';
import type { Bucket, Bucketed } from './buckets';
import type { SharedTimetable } from './timetables';

/** Why a plan ended: what was due before and has no record is recorded as skipped with it; of a deleted job nothing is. */
export type PlanEnd = { why: 'changed' | 'paused'; at: number } | { why: 'deleted' };

/** What the timekeeper keeps of one job: no more than planning needs, because there may be 100,000. */
export class PlannedJob implements Bucketed<PlannedJob> {
  readonly name: string;
  revision = 0;
  graceMs = 0;
  jitterMs = 0;
  overlap: Overlap = 'skip';
  onLost: OnLost = 'retry';
  /** Nothing before it was ever due, in ms. */
  readonly plannedFromAt: number;
  /** Whether a calendar may keep occurrences back. */
  hasCalendar = false;
  /** The latest instant that was handed on or passed over, in ms. */
  handedAt: number;
  /** Null for as long as the timekeeper works by this plan. */
  end: PlanEnd | null = null;
  /** Whether its next instant is still to be computed. */
  isQueued = false;
  bucket: Bucket<PlannedJob> | null = null;
  before: PlannedJob | null = null;
  after: PlannedJob | null = null;

  /** `knownAt`: since when it is planned here, in ms; what was due before may have a record already. */
  constructor(
    job: Job,
    public shared: SharedTimetable,
    readonly knownAt: number,
    coveredFrom: number,
  ) {
    this.name = job.name;
    this.plannedFromAt = job.plannedFromAt.getTime();
    this.handedAt = Math.max(this.plannedFromAt - 1, coveredFrom);
  }

  /** Takes over a revision that does not plan the job anew. */
  update(job: Job, shared: SharedTimetable, rule: DayRule | null): void {
    this.shared = shared;
    this.hasCalendar = rule !== null;
    this.revision = job.revision;
    this.graceMs = job.graceMs;
    this.jitterMs = job.jitterMs;
    this.overlap = job.overlap;
    this.onLost = job.onLost;
  }

  /** How long after its nominal time an occurrence may be claimed, in ms. */
  get claimMs(): number {
    return this.graceMs + this.jitterMs;
  }

  hint(at: number): RunHint {
    const { name: job, revision, overlap, onLost } = this;
    return { job, revision, at, overlap, claimUntil: at + this.claimMs, onLost };
  }
}

/** One due time of a planned job, in ms. */
export interface PlannedOccurrence {
  plan: PlannedJob;
  at: number;
}
