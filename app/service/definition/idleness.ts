import type { Pause } from '../../domain/job/types';
import type { JobDocument } from '../../repository/definitions';

type Activity = { spec: { enabled?: unknown } | null; paused: Pause | null; plannedFromAt: Date };

/** Since when the job as it is to be stored does not run by its schedule; null where it does. */
export function idleSince(next: Activity, stored: JobDocument | null, now: Date): Date | null {
  if (next.spec?.enabled === true && next.paused === null) return null;
  const goesOn = stored?.plannedFromAt.getTime() === next.plannedFromAt.getTime();
  return goesOn ? (stored?.idleSinceAt ?? now) : now;
}
