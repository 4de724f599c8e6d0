import type { ClientSession } from 'mongodb';
import { compileCalendar, dayRuleOf } from '../../domain/calendar/compile';
import type { Calendar, CalendarDays, DayRule } from '../../domain/calendar/types';
import type { Job } from '../../domain/job/types';
import type { Calendars } from '../../repository/calendars';
import type { Jobs } from '../../repository/jobs';

/** A job as it is now, with its calendar. */
export interface NewestJob {
  job: Job;
  rule: DayRule | null;
}

/** The newest definitions of jobs and of the calendars that they name. */
export class Newest {
  /** Compiled calendars by name: what is not changed is compiled once. */
  private readonly compiled = new Map<string, { revision: number; days: CalendarDays }>();

  constructor(private readonly ports: { jobs: Jobs; calendars: Calendars }) {}

  /** From the primary; a job that is missing or deleted is not in the answer. Calendars cost a read only where there are any. */
  async of(names: readonly string[], session?: ClientSession): Promise<Map<string, NewestJob>> {
    const jobs = [...(await this.ports.jobs.current(names, session)).values()];
    const named = jobs.flatMap(({ calendar }) => calendar?.name ?? []);
    const found = named.length === 0 ? [] : await this.ports.calendars.byNames(named, session);
    const days = new Map([...found].map(([name, calendar]) => [name, this.daysOf(calendar)]));
    return new Map(jobs.map(job => [job.name, { job, rule: dayRuleOf(job.calendar, days) }]));
  }

  private daysOf(calendar: Calendar): CalendarDays {
    const { name, revision } = calendar;
    const known = this.compiled.get(name);
    if (known?.revision === revision) return known.days;
    const days = compileCalendar(calendar);
    this.compiled.set(name, { revision, days });
    return days;
  }
}
