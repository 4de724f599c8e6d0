import { compileCalendar, dayRuleOf } from '../../domain/calendar/compile';
import type { DayRule } from '../../domain/calendar/types';
import type { JobSpec, Pause } from '../../domain/job/types';
import { pausedSkips } from '../../domain/run/misfire';
import { timetable } from '../../domain/schedule';
import { calendarModel } from '../../model/definition';
import { parseCalendar } from '../../repository/calendars';
import type { DefinitionWrite, JobDocument } from '../../repository/definitions';
import { specOf } from './jobView';

type Activity = { spec: { enabled?: unknown } | null; paused: Pause | null; plannedFromAt: Date };

/** Since when the job as it is to be stored does not run by its schedule; null where it does. */
export function idleSince(next: Activity, stored: JobDocument | null, now: Date): Date | null {
  if (next.spec?.enabled === true && next.paused === null) return null;
  const goesOn = stored?.plannedFromAt.getTime() === next.plannedFromAt.getTime();
  return goesOn ? (stored?.idleSinceAt ?? now) : now;
}

/**
 * A write that lets an idle job run again, gives it another schedule or deletes it (`next` null) records in its own
 * transaction what the job left out until now: the agents' record of it lags behind.
 */
export async function endIdleness(
  stored: JobDocument,
  next: Pick<JobDocument, 'idleSinceAt'> | null,
  write: DefinitionWrite,
  retentionDays: number,
): Promise<void> {
  const { idleSinceAt, plannedFromAt, _id: name, revision } = stored;
  if (idleSinceAt === null || next?.idleSinceAt?.getTime() === idleSinceAt.getTime()) return;
  const spec = specOf(stored);
  const table = timetable(spec.schedule, spec, await ruleOf(spec, write));
  const from = Math.max(idleSinceAt.getTime(), plannedFromAt.getTime());
  const span = pausedSkips(table, from, write.now.getTime() - 1);
  if (span === null) return;
  await write.recordIdle({ job: { name, revision, onLost: spec.onLost, overlap: spec.overlap }, span }, retentionDays);
}

async function ruleOf({ calendar }: JobSpec, write: DefinitionWrite): Promise<DayRule | null> {
  if (calendar === null) return null;
  const [stored] = await write.findLive(calendarModel, [calendar.name]);
  if (stored === undefined) return null;
  return dayRuleOf(calendar, new Map([[calendar.name, compileCalendar(parseCalendar(stored))]]));
}
