import { compileCalendar, dayRuleOf } from '../domain/calendar/compile';
import type { Calendar, CalendarDays, DayRule } from '../domain/calendar/types';
import type { Job } from '../domain/job/types';
import type { Calendars } from '../repository/calendars';

/** The calendars in force here, compiled once for all jobs that use them. */
export class CalendarBook {
  private readonly days = new Map<string, CalendarDays>();
  private readonly revisions = new Map<string, number>();

  constructor(private readonly calendars: Calendars) {}

  /** Null where every day fits the job. */
  ruleOf(job: Job): DayRule | null {
    return dayRuleOf(job.calendar, this.days);
  }

  /** Reads all of them, or the one of this name; answers the names of the jobs that are to be planned anew. */
  async refresh(name?: string): Promise<string[]> {
    const stored = await this.stored(name);
    const found = new Set(stored.map(calendar => calendar.name));
    const changed = stored.filter(calendar => this.take(calendar)).map(calendar => calendar.name);
    const gone = (name === undefined ? [...this.days.keys()] : [name]).filter(one => !found.has(one));
    for (const one of gone) this.forget(one);
    return await this.calendars.jobsOf(changed);
  }

  private async stored(name: string | undefined): Promise<Calendar[]> {
    if (name !== undefined) return [...(await this.calendars.byNames([name])).values()];
    const all: Calendar[] = [];
    for await (const calendar of this.calendars.all()) all.push(calendar);
    return all;
  }

  /** False when it is known already. */
  private take(calendar: Calendar): boolean {
    if ((this.revisions.get(calendar.name) ?? 0) >= calendar.revision) return false;
    this.revisions.set(calendar.name, calendar.revision);
    this.days.set(calendar.name, compileCalendar(calendar));
    return true;
  }

  private forget(name: string): void {
    this.days.delete(name);
    this.revisions.delete(name);
  }
}
