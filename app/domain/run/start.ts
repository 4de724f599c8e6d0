import type { DayRule } from '../calendar/types';
import type { Job } from '../job/types';
import { includes, timetable } from '../schedule';
import { hasLabels, type PlacedHost, type PlacedRun } from './placement';

/** Why a run is there: its job's schedule, a person's wish for one now, a person's wish for what was missed. */
export type Trigger = 'schedule' | 'manual' | 'backfill';

interface Announced extends Pick<PlacedRun, 'boundTo'> {
  trigger: Trigger;
  /** Of the definition by which it was announced or asked for. */
  revision: number;
  scheduledAt: Date;
}

/**
 * Whether a claimed occurrence may start, judged by the newest definition, read after the claim: once a write that
 * pauses, disables, deletes or reschedules the job has answered, nothing claimed afterwards executes the old one.
 * What a person has asked for minds deletion only. `rule` is the job's calendar as it is now, `host` the one that
 * would execute it: `misplaced` is for others to execute, if for anybody.
 */
export function startDecision(
  job: Job | undefined,
  { trigger, revision, scheduledAt, boundTo }: Announced,
  rule: DayRule | null,
  host: PlacedHost,
): 'start' | 'paused' | 'changed' | 'calendar' | 'misplaced' {
  if (job === undefined || job.createdRevision > revision) return 'changed';
  const fits = hasLabels(host.labels, job.placement.hostLabels);
  if (trigger !== 'schedule') return fits ? 'start' : 'misplaced';
  if (!runsBySchedule(job)) return 'paused';
  if (scheduledAt.getTime() < job.plannedFromAt.getTime()) return 'changed';
  if (!fits || (boundTo !== undefined) !== (job.placement.on === 'every-host')) return 'misplaced';
  if (job.revision === revision && rule === null) return 'start';
  const { schedule, startAt, endAt } = job;
  const table = timetable(schedule, { startAt, endAt }, rule);
  if (!includes(table, scheduledAt.getTime())) return 'changed';
  return table.keptBack(scheduledAt.getTime()) ? 'calendar' : 'start';
}

/** Whether the next attempt of a failed run may be made. */
export function mayTryAgain(job: Job | undefined, trigger: Trigger): boolean {
  return job !== undefined && (trigger !== 'schedule' || runsBySchedule(job));
}

function runsBySchedule({ enabled, paused }: Job): boolean {
  return enabled && paused === null;
}
