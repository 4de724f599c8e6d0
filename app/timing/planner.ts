import type { FeedHandler } from '../cluster/definitionFeed';
import type { DayRule } from '../domain/calendar/types';
import type { Job } from '../domain/job/types';
import type { Jobs, StoredJob } from '../repository/jobs';
import type { DefinitionKind } from '../repository/revisions';
import type { CalendarBook } from './calendarBook';
import { Pacer } from './pacer';

/** Who plans jobs; each takes of them what is its own. */
export interface JobPlans {
  upsert(job: Job, rule: DayRule | null): void;
  remove(name: string): void;
  retain(names: ReadonlySet<string>): void;
}

export interface PlannerPorts {
  jobs: Jobs;
  calendars: CalendarBook;
  plans: readonly JobPlans[];
  /** Called before everything is loaded: from when on occurrences may have been missed. */
  beforeLoad(): Promise<void>;
}

const jobsAtOnce = 1000;

/** Brings changed jobs and calendars into the plans; sources and channels are read at each use and need nothing here. */
export class Planner implements FeedHandler {
  constructor(private readonly ports: PlannerPorts) {}

  async loadAll(): Promise<void> {
    const { jobs, calendars, plans, beforeLoad } = this.ports;
    await beforeLoad();
    await calendars.refresh();
    const names = await this.applyAll(jobs.all());
    for (const plan of plans) plan.retain(names);
  }

  async loadSince(revision: number): Promise<void> {
    const affected = await this.ports.calendars.refresh();
    await this.applyAll(this.ports.jobs.changedSince(revision));
    await this.planAnew(affected);
  }

  async loadOne(kind: DefinitionKind, name: string): Promise<void> {
    if (kind === 'calendar') await this.planAnew(await this.ports.calendars.refresh(name));
    if (kind !== 'job') return;
    const stored = await this.ports.jobs.byName(name);
    this.apply(stored ?? { deleted: true, name, revision: 0 });
  }

  /** In slices: a thousand documents of one answer would come without a turn for anything else. Answers the live names. */
  private async applyAll(all: AsyncIterable<StoredJob>): Promise<Set<string>> {
    const names = new Set<string>();
    const pacer = new Pacer();
    for await (const stored of all) {
      if (!stored.deleted) names.add(stored.job.name);
      this.apply(stored);
      if (pacer.isLong) await pacer.pause();
    }
    return names;
  }

  /** Jobs that did not change, but whose calendar did. */
  private async planAnew(names: readonly string[]): Promise<void> {
    const pacer = new Pacer();
    for (let from = 0; from < names.length; from += jobsAtOnce) {
      const current = await this.ports.jobs.current(names.slice(from, from + jobsAtOnce));
      for (const job of current.values()) {
        this.apply({ deleted: false, job });
        if (pacer.isLong) await pacer.pause();
      }
    }
  }

  private apply(stored: StoredJob): void {
    const { plans, calendars } = this.ports;
    for (const plan of plans) {
      if (stored.deleted) plan.remove(stored.name);
      else plan.upsert(stored.job, calendars.ruleOf(stored.job));
    }
  }
}
