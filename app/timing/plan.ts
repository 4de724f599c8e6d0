import type { DayRule } from '../domain/calendar/types';
import type { Job, OnLost, Overlap, Placement } from '../domain/job/types';
import { laneOf } from '../domain/run/lane';
import { occurrenceId } from '../domain/run/occurrence';
import { anywhere, hasLabels, type PlacedHost, sharedPlacement } from '../domain/run/placement';
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
  placement: Placement = anywhere;
  /** This host, where its occurrences are this host's own: every host runs them. */
  boundTo: string | undefined;
  /** Whether this host may run it. */
  isForHere = true;
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

  /** Where it is run, seen from this host. */
  place(placement: Placement, { id, labels }: PlacedHost): void {
    this.placement = sharedPlacement(placement);
    this.boundTo = placement.on === 'every-host' ? id : undefined;
    this.isForHere = hasLabels(labels, placement.hostLabels);
  }

  /** The first instants, in ms, that were due before its end and were never handed on; none of a deleted job. */
  leftAtEnd(from: number, most: number): number[] {
    const left: number[] = [];
    if (this.end === null || this.end.why === 'deleted') return left;
    let at = this.shared.next(Math.max(this.handedAt, from));
    while (at !== null && at < this.end.at && left.length < most) {
      left.push(at);
      at = this.shared.next(at);
    }
    return left;
  }

  /** What its occurrences are settled under: `job`, or `job~hostId` where they are this host's own. */
  get lane(): string {
    return laneOf({ job: this.name, boundTo: this.boundTo });
  }

  /** The key of the occurrence at this instant, in ms. */
  keyOf(at: number): string {
    return occurrenceId(this.name, new Date(at), this.boundTo);
  }

  /** How long after its nominal time an occurrence may be claimed, in ms. */
  get claimMs(): number {
    return this.graceMs + this.jitterMs;
  }

  hint(at: number): RunHint {
    const { name: job, revision, overlap, onLost, placement } = this;
    const hint: RunHint = { job, revision, at, overlap, claimUntil: at + this.claimMs, onLost };
    return placement === anywhere ? hint : { ...hint, placement };
  }
}

/** One due time of a planned job, in ms. */
export interface PlannedOccurrence {
  plan: PlannedJob;
  at: number;
}
