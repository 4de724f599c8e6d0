import type { Clock } from '../cluster/types';
import type { DayRule } from '../domain/calendar/types';
import type { Job } from '../domain/job/types';
import type { Log } from '../domain/log';
import { pausedSkips, type SkippedSpan } from '../domain/run/misfire';
import type { IdleSkips } from '../repository/settlementRecords';
import { type Bucket, type Bucketed, Buckets } from './buckets';
import { notReadyMs, Rounds } from './rounds';
import { type SharedTimetable, Timetables } from './timetables';

export interface IdleJobsPorts {
  clock: Clock;
  ready(): Promise<boolean>;
  alone(): boolean;
  rank(key: string): number;
  /** MongoDB's time, in ms, up to which every definition is known here. */
  definitionsSeenAt(): number;
  recordIdle(idle: readonly IdleSkips[], now: Date): Promise<void>;
  log: Log;
}

/** A write that resumes a job may be on its way for so long: what is younger is not counted yet. */
const settleMs = 5000;
/** The longer a pause lasts, the less often its record grows. */
const refreshShare = 10;
const shortestMs = 1000;
const longestMs = 600_000;
const jobsAtOnce = 500;

class IdleJob implements Bucketed<IdleJob> {
  span: SkippedSpan | null = null;
  bucket: Bucket<IdleJob> | null = null;
  before: IdleJob | null = null;
  after: IdleJob | null = null;

  constructor(
    readonly job: IdleSkips['job'],
    readonly shared: SharedTimetable,
    /** Since when it is idle, in ms. */
    readonly since: number,
  ) {}

  /** Counts on from where it was counted to: a month of seconds is walked through once at most. */
  countTo(until: number): void {
    const more = pausedSkips(this.shared.table, (this.span?.to ?? this.since - 1) + 1, until);
    if (more === null) return;
    this.span = { from: this.span?.from ?? more.from, to: more.to, count: (this.span?.count ?? 0) + more.count };
  }
}

/** Keeps one record for each paused or disabled job that says which occurrences did not run since, while it lasts. */
export class IdleJobs {
  private readonly known = new Map<string, IdleJob>();
  private readonly due = new Buckets<IdleJob>();
  private readonly timetables = new Timetables();
  private readonly rounds: Rounds;

  constructor(private readonly ports: IdleJobsPorts) {
    const nextMs = () => this.due.firstAt - this.now();
    this.rounds = new Rounds({ name: 'idleJobs', nextMs, round: () => this.round() }, ports.log);
  }

  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /** Any job as it is now; only those that are idle are kept. */
  upsert(job: Job, rule: DayRule | null): void {
    if ((this.known.get(job.name)?.job.revision ?? 0) > job.revision) return;
    this.remove(job.name);
    const { name, revision, onLost, overlap, idleSinceAt, plannedFromAt } = job;
    if (idleSinceAt === null) return;
    const since = Math.max(idleSinceAt.getTime(), plannedFromAt.getTime());
    const idle = new IdleJob({ name, revision, onLost, overlap }, this.timetables.take(job, rule), since);
    this.known.set(name, idle);
    this.schedule(idle, since);
  }

  remove(name: string): void {
    const idle = this.known.get(name);
    if (idle === undefined) return;
    this.known.delete(name);
    this.due.delete(idle);
    this.timetables.giveBack(idle.shared);
  }

  /** Keeps only these jobs: after everything was loaded anew. */
  retain(names: ReadonlySet<string>): void {
    for (const name of [...this.known.keys()]) if (!names.has(name)) this.remove(name);
  }

  private now(): number {
    return this.ports.clock.now().getTime();
  }

  /** Behind the next occurrence that is not counted, and not before the refresh interval is over. */
  private schedule(idle: IdleJob, earliest: number): void {
    const next = idle.shared.next(idle.span?.to ?? idle.since - 1);
    if (next === null) return;
    this.due.add(idle, Math.max(next + settleMs, earliest));
    this.rounds.arm();
  }

  private async round(): Promise<number> {
    if (this.due.firstAt > this.now()) return 0;
    if (!(await this.ports.ready())) return notReadyMs;
    const now = this.now();
    const until = Math.min(now, this.ports.definitionsSeenAt()) - settleMs;
    const taken = this.take(now);
    const grown = taken.filter(idle => this.grows(idle, until));
    try {
      const skips = grown.flatMap(({ job, span }) => (span === null ? [] : [{ job, span }]));
      await this.ports.recordIdle(skips, new Date(now));
    } finally {
      for (const idle of taken)
        if (this.known.get(idle.job.name) === idle) this.schedule(idle, now + refreshMs(idle, now));
    }
    return 0;
  }

  private take(now: number): IdleJob[] {
    const taken: IdleJob[] = [];
    for (let idle = this.due.take(now); idle !== null; idle = this.due.take(now)) {
      taken.push(idle);
      if (taken.length === jobsAtOnce) break;
    }
    return taken;
  }

  /** One host writes; the others only keep an eye on which host that is. */
  private grows(idle: IdleJob, until: number): boolean {
    if (!this.ports.alone() && this.ports.rank(idle.job.name) > 0) return false;
    idle.countTo(until);
    return idle.span !== null;
  }
}

function refreshMs({ since }: IdleJob, now: number): number {
  return Math.min(Math.max((now - since) / refreshShare, shortestMs), longestMs);
}
