import type { DayRule } from '../domain/calendar/types';
import type { Job } from '../domain/job/types';
import { type Timetable, timetable } from '../domain/schedule';

type Timed = Pick<Job, 'schedule' | 'startAt' | 'endAt'>;

/** A compiled schedule and how many jobs have it. */
export class SharedTimetable {
  users = 0;
  private askedAfter = Number.NaN;
  private answered: number | null = null;

  constructor(
    readonly key: string,
    readonly table: Timetable,
  ) {}

  /** As Timetable.next. Jobs with the same schedule ask the same one after the other: it is computed once. */
  next(after: number): number | null {
    if (after !== this.askedAfter) {
      this.answered = this.table.next(after);
      this.askedAfter = after;
    }
    return this.answered;
  }
}

/**
 * Compiled schedules, one for all jobs with the same one: it is the largest part of what a job costs the agent. Each is
 * forgotten when the last job that took it has given it back.
 */
export class Timetables {
  private readonly known = new Map<string, SharedTimetable>();
  private readonly rules = new WeakMap<DayRule['days'], number>();
  private ruleCount = 0;

  get size(): number {
    return this.known.size;
  }

  /** Takes the compiled schedule; `giveBack` must follow when the job is gone. Equal ones are one and the same object. */
  take(job: Timed, rule: DayRule | null): SharedTimetable {
    const key = this.keyOf(job, rule);
    const shared = this.known.get(key) ?? this.compile(key, job, rule);
    shared.users += 1;
    return shared;
  }

  giveBack(shared: SharedTimetable): void {
    shared.users -= 1;
    if (shared.users === 0) this.known.delete(shared.key);
  }

  private compile(key: string, { schedule, startAt, endAt }: Timed, rule: DayRule | null): SharedTimetable {
    const shared = new SharedTimetable(key, timetable(schedule, { startAt, endAt }, rule));
    this.known.set(key, shared);
    return shared;
  }

  private keyOf({ schedule, startAt, endAt }: Timed, rule: DayRule | null): string {
    const bounds = `${startAt?.getTime() ?? ''}/${endAt?.getTime() ?? ''}/${rule === null ? '' : this.ruleKey(rule)}`;
    if ('cron' in schedule) {
      const { cron, zone, dst, repeated } = schedule;
      return `${cron}/${zone}/${dst}/${repeated}/${bounds}`;
    }
    if ('everyMs' in schedule) return `${schedule.everyMs}/${schedule.anchorAt.getTime()}/${bounds}`;
    return `${schedule.at.getTime()}/${bounds}`;
  }

  /** A calendar that changed comes as a new object: its jobs are planned anew. */
  private ruleKey({ days, on, outside }: DayRule): string {
    let id = this.rules.get(days);
    if (id === undefined) {
      this.ruleCount += 1;
      id = this.ruleCount;
      this.rules.set(days, id);
    }
    return `${id}/${on}/${outside}`;
  }
}
