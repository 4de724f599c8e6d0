import type { Job } from '../domain/job/types';
import { type Timetable, timetable } from '../domain/schedule';

/**
 * Compiled schedules, one for all jobs with the same one: a compiled cron expression is the largest part of what a job
 * costs the agent. Each is forgotten when no job has it any more.
 */
export class Timetables {
  private readonly known = new Map<string, WeakRef<Timetable>>();
  private readonly forgotten = new FinalizationRegistry<string>(key => {
    if (this.known.get(key)?.deref() === undefined) this.known.delete(key);
  });

  /** `key` names the schedule and its bounds: equal keys plan equal instants. */
  of({ schedule, startAt, endAt }: Pick<Job, 'schedule' | 'startAt' | 'endAt'>): { key: string; table: Timetable } {
    const key = JSON.stringify([schedule, startAt, endAt]);
    const known = this.known.get(key)?.deref();
    if (known !== undefined) return { key, table: known };
    const table = timetable(schedule, { startAt, endAt });
    this.known.set(key, new WeakRef(table));
    this.forgotten.register(table, key);
    return { key, table };
  }
}
