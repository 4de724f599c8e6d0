import type { Job } from '../job/types';
import { includes, timetable } from '../schedule';

/**
 * Whether a claimed occurrence may start, judged by the newest definition, read after the claim: once a write that
 * pauses, disables, deletes or reschedules the job has answered, nothing claimed afterwards executes the old one.
 */
export function startDecision(
  job: Job | undefined,
  hint: { revision: number; scheduledAt: Date },
): 'start' | 'paused' | 'changed' {
  if (job === undefined) return 'changed';
  if (!job.enabled || job.paused !== null) return 'paused';
  if (hint.scheduledAt.getTime() < job.plannedFromAt.getTime()) return 'changed';
  if (job.revision === hint.revision) return 'start';
  const { schedule, startAt, endAt } = job;
  return includes(timetable(schedule, { startAt, endAt }), hint.scheduledAt.getTime()) ? 'start' : 'changed';
}
