import type { Job, Misfire, OnLost, Overlap } from '../domain/job/types';
import { dueOccurrences, type Timetable } from '../domain/schedule';
import type { Timetables } from './timetables';

/** What the timekeeper keeps of one job: no more than planning needs. */
export interface PlannedJob {
  name: string;
  revision: number;
  table: Timetable;
  /** Names the schedule and its bounds: equal texts plan equal instants. */
  scheduleKey: string;
  plannedFromAt: number;
  graceMs: number;
  misfire: Misfire;
  overlap: Overlap;
  onLost: OnLost;
  /** The latest occurrence that this timekeeper has handed on, in ms. */
  handedAt: number;
  /** The next instant, in ms; null when there is none or when what was missed is to be looked up first. */
  nextAt: number | null;
}

/** Null for a job that is not to run: disabled or paused. */
export function planOf(job: Job, timetables: Timetables): PlannedJob | null {
  if (!job.enabled || job.paused !== null) return null;
  const { key, table } = timetables.of(job);
  return {
    name: job.name,
    revision: job.revision,
    table,
    scheduleKey: key,
    plannedFromAt: job.plannedFromAt.getTime(),
    graceMs: job.graceMs,
    misfire: job.misfire,
    overlap: job.overlap,
    onLost: job.onLost,
    handedAt: 0,
    nextAt: null,
  };
}

/** The next instant of a job that was not handed on yet, in ms; null when there is none. */
export function nextOf(job: PlannedJob): number | null {
  const after = Math.max(job.handedAt, job.plannedFromAt - 1);
  return job.table.next(after);
}

/**
 * Occurrences of a job that are due and not handed on, oldest first, by its misfire policy; nothing before the horizon.
 */
export function dueOf(job: PlannedJob, now: number, horizonMs: number): number[] {
  const { table, graceMs, misfire, nextAt } = job;
  const following = nextAt === null ? null : table.next(nextAt);
  const isAlone =
    nextAt !== null && nextAt <= now && now - nextAt <= graceMs && (following === null || following > now);
  if (isAlone) return [nextAt];
  const after = Math.max(job.handedAt, job.plannedFromAt - 1, now - horizonMs);
  return dueOccurrences({ table, after, now, graceMs, misfire });
}
