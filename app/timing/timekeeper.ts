import type { Clock } from '../cluster/types';
import type { DayRule } from '../domain/calendar/types';
import type { Job, Placement } from '../domain/job/types';
import type { Log } from '../domain/log';
import type { Labels } from '../domain/message/types';
import { hasLabels, type PlacedHost } from '../domain/run/placement';
import { jitterOf } from '../domain/schedule/jitter';
import type { RunHint } from '../ipc/messages';
import { Buckets } from './buckets';
import { FollowUp } from './followUp';
import { Heap } from './heap';
import { Pacer } from './pacer';
import { type PlanEnd, PlannedJob, type PlannedOccurrence } from './plan';
import { notReadyMs, Rounds } from './rounds';
import { Timetables } from './timetables';

export interface TimekeeperOptions {
  standbyMs: number;
  reannounceMs: number;
  misfireHorizonMs: number;
}

export interface TimekeeperPorts {
  /** This host. */
  host: PlacedHost;
  /** MongoDB's time. */
  clock: Clock;
  /** Whether the time can be trusted and this host may announce now; measures again after a step of a clock. */
  ready(): Promise<boolean>;
  /** Whether no other host looks after occurrences: then every rank is 0 and none is computed. */
  alone(): boolean;
  /** 0 for the host that announces this occurrence at once, k for the k-th of those with the labels that looks after it. */
  rank(key: string, hostLabels: Labels): number;
  /** Which of these occurrences have a record. */
  recorded(keys: readonly string[]): Promise<Set<string>>;
  /** Hands a batch (at most 1,000) to the workers of this host; only wakes, may be lost. */
  announce(batch: RunHint[], again: boolean): void;
  /** Occurrences from `at` to `until` are past their grace span without a record, or a calendar keeps them back. */
  missed(plan: PlannedJob, at: number, until: number): void;
  /** Occurrences without a record whose job was paused or planned anew since: `plan.end` says why. */
  ended(occurrences: PlannedOccurrence[]): Promise<void>;
  log: Log;
  /** Called after each round with the number of planned jobs. */
  measured(jobs: number): void;
}

/** An occurrence that waits for its jitter to pass. */
interface Delayed {
  plan: PlannedJob;
  readonly at: number;
  position: number;
  scheduledAt: number;
}

/** Announced in one message. */
const batchSize = 1000;
/** More late occurrences of one job than this are not looked up one by one: the misfire policy decides about all. */
const mostLate = 60;

/**
 * The only owner of cron timing on a host: instants in buckets, one timer. It never runs anything itself; it says which
 * occurrences are due, again until each has a record. What is due is announced first; the next instants of those jobs
 * are computed behind it, so that no occurrence waits for the schedule of another one.
 */
export class Timekeeper {
  private readonly planned = new Map<string, PlannedJob>();
  private readonly due = new Buckets<PlannedJob>();
  private readonly delayed = new Heap<Delayed>();
  /** Jobs whose next instant is to be computed. */
  private queue: PlannedJob[] = [];
  private readonly timetables = new Timetables();
  private readonly followUp: FollowUp;
  private readonly rounds: Rounds;
  private readonly pacer = new Pacer();
  private batch: RunHint[] = [];
  /** Per kind of placement: up to where everything was recorded before this host looked after it. */
  private readonly coveredFrom = { one: Number.NEGATIVE_INFINITY, 'every-host': Number.NEGATIVE_INFINITY };

  constructor(
    private readonly ports: TimekeeperPorts,
    private readonly options: TimekeeperOptions,
  ) {
    this.followUp = new FollowUp(ports, options);
    const work = { name: 'timekeeper', nextMs: () => this.nextMs(), round: () => this.round() };
    this.rounds = new Rounds(work, ports.log);
  }

  start(): void {
    this.rounds.start();
    this.followUp.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.rounds.stop(), this.followUp.stop()]);
  }

  /** Everything up to `at` (ms) is recorded, whoever did it: jobs of this placement that come now are planned from there. */
  coverFrom(at: number, on: Placement['on'] = 'one'): void {
    this.coveredFrom[on] = at;
  }

  /** The clock was measured: what it says may have moved by a step. */
  clockMeasured(): void {
    this.rounds.arm();
    this.followUp.arm();
  }

  /** Plans a job by a newer revision or a changed calendar; costs no computation of instants. */
  upsert(job: Job, rule: DayRule | null = null): void {
    const known = this.planned.get(job.name);
    if (known !== undefined && known.revision > job.revision) return;
    if (!job.enabled || job.paused !== null) {
      const at = job.idleSinceAt?.getTime() ?? this.now();
      // It may have been due before, while no host was there to look after it.
      if (known === undefined && at > this.coveredFrom[job.placement.on] && !this.isOfOthers(job)) this.plan(job, rule);
      this.end(job.name, { why: 'paused', at });
    } else if (this.isOfOthers(job)) {
      this.end(job.name, { why: 'changed', at: job.plannedFromAt.getTime() });
    } else if (known !== undefined && known.plannedFromAt === job.plannedFromAt.getTime()) {
      this.update(known, job, rule);
    } else {
      this.end(job.name, { why: 'changed', at: job.plannedFromAt.getTime() });
      this.enqueue(this.plan(job, rule));
    }
  }

  /** The job is deleted. */
  remove(name: string): void {
    this.end(name, { why: 'deleted' });
  }

  /** Keeps only these jobs: after everything was loaded anew. */
  retain(names: ReadonlySet<string>): void {
    for (const name of [...this.planned.keys()]) if (!names.has(name)) this.remove(name);
  }

  /** How long the first occurrence that is due has waited to be looked at, in ms; 0 while nothing is behind. */
  behindMs(): number {
    return Math.max(0, this.now() - this.due.firstAt);
  }

  /** The earliest due time of what has no record yet as far as is known here, in ms; infinite when nothing is open. */
  oldestOpen(): number {
    let oldest = Math.min(this.followUp.oldest(), this.due.firstAt);
    for (const plan of this.queue) oldest = Math.min(oldest, plan.handedAt + 1);
    for (const { scheduledAt } of this.delayed.values()) oldest = Math.min(oldest, scheduledAt);
    return oldest;
  }

  /** Other hosts than this one run each of its occurrences for themselves: nothing of it is to be done here. */
  private isOfOthers({ placement }: Job): boolean {
    return placement.on === 'every-host' && !hasLabels(this.ports.host.labels, placement.hostLabels);
  }

  private plan(job: Job, rule: DayRule | null): PlannedJob {
    const coveredFrom = this.coveredFrom[job.placement.on];
    const plan = new PlannedJob(job, this.timetables.take(job, rule), this.now(), coveredFrom);
    plan.update(job, plan.shared, rule);
    plan.place(job.placement, this.ports.host);
    this.planned.set(job.name, plan);
    return plan;
  }

  private update(plan: PlannedJob, job: Job, rule: DayRule | null): void {
    const before = plan.shared;
    const shared = this.timetables.take(job, rule);
    this.timetables.giveBack(before);
    plan.update(job, shared, rule);
    plan.place(job.placement, this.ports.host);
    if (shared !== before) this.enqueue(plan);
  }

  private end(name: string, end: PlanEnd): void {
    const plan = this.planned.get(name);
    if (plan === undefined) return;
    plan.end = end;
    this.planned.delete(name);
    this.due.delete(plan);
    // What was due in an outage and was not handed on: who has no record of it gets one.
    const now = this.now();
    const left = plan.leftAtEnd(now - this.options.misfireHorizonMs, mostLate);
    if (left.length < mostLate) for (const at of left) this.followUp.add(plan, at, now);
    else this.ports.missed(plan, left[0] ?? now, now);
    this.timetables.giveBack(plan.shared);
  }

  private enqueue(plan: PlannedJob): void {
    if (plan.isQueued) return;
    plan.isQueued = true;
    this.due.delete(plan);
    this.queue.push(plan);
    if (this.queue.length === 1) this.rounds.arm();
  }

  private now(): number {
    return this.ports.clock.now().getTime();
  }

  private nextMs(): number {
    if (this.queue.length > 0) return 0;
    return Math.min(this.due.firstAt, this.delayed.peek()?.at ?? Number.POSITIVE_INFINITY) - this.now();
  }

  private async round(): Promise<number> {
    if (this.nextMs() > 0) return 0;
    if (!(await this.ports.ready())) return notReadyMs;
    this.pacer.begin();
    while (this.nextMs() <= 0 && !this.rounds.stopped) {
      this.handOnDue();
      this.planQueued();
      if (this.nextMs() <= 0) await this.pacer.pause();
    }
    this.ports.measured(this.planned.size);
    return 0;
  }

  /** One slice of what is due. */
  private handOnDue(): void {
    const now = this.now();
    while (!this.pacer.isLong) {
      const at = this.due.firstAt;
      const plan = this.due.take(now);
      if (plan === null) break;
      this.handOn(plan, at, now);
    }
    for (let next = this.delayed.peek(); next !== undefined && next.at <= now; next = this.delayed.peek()) {
      this.delayed.delete(next);
      if (next.plan.end === null) this.announceDue(next.plan, next.scheduledAt, now);
      else this.followUp.add(next.plan, next.scheduledAt, now);
      if (this.pacer.isLong) break;
    }
    this.flush();
  }

  private handOn(plan: PlannedJob, at: number, now: number): void {
    plan.handedAt = at;
    this.enqueue(plan);
    if (plan.hasCalendar && plan.shared.table.keptBack(at)) {
      this.ports.missed(plan, at, at);
    } else if (plan.jitterMs > 0) {
      const jitter = jitterOf(plan.lane, at, plan.jitterMs);
      this.delayed.add({ plan, scheduledAt: at, at: at + jitter, position: -1 });
    } else {
      this.announceDue(plan, at, now);
    }
  }

  /** Announces what is this host's to announce; the other hosts, and what may have a record already, look first. */
  private announceDue(plan: PlannedJob, at: number, now: number): void {
    const { standbyMs, reannounceMs } = this.options;
    const isLate = at < plan.knownAt || now - at - plan.jitterMs > reannounceMs;
    const rank = this.rankOf(plan, at);
    if (rank > 0 || isLate) {
      this.followUp.add(plan, at, now + Math.min(rank * standbyMs, reannounceMs));
      return;
    }
    this.followUp.add(plan, at, now + reannounceMs);
    this.batch.push(plan.hint(at));
    if (this.batch.length >= batchSize) this.flush();
  }

  /** Past all others where this host may not run it: it only sees to it that what nobody runs is decided. */
  private rankOf(plan: PlannedJob, at: number): number {
    if (!plan.isForHere) return Number.POSITIVE_INFINITY;
    if (plan.boundTo !== undefined || this.ports.alone()) return 0;
    return this.ports.rank(plan.keyOf(at), plan.placement.hostLabels);
  }

  private flush(): void {
    if (this.batch.length === 0) return;
    const { batch } = this;
    this.batch = [];
    this.ports.announce(batch, false);
  }

  /** One slice of the jobs that wait for their next instant; what is due meanwhile comes first. */
  private planQueued(): void {
    const now = this.now();
    while (!this.pacer.isLong) {
      const plan = this.queue.pop();
      if (plan === undefined) break;
      plan.isQueued = false;
      if (plan.end === null) this.planNext(plan, now);
    }
  }

  private planNext(plan: PlannedJob, now: number): void {
    const { shared } = plan;
    const graceFrom = now - plan.claimMs;
    let nextAt = shared.next(Math.max(plan.handedAt, now - this.options.misfireHorizonMs));
    if (nextAt !== null && nextAt < graceFrom && shared.table.count(nextAt, graceFrom) > mostLate) {
      this.ports.missed(plan, nextAt, graceFrom);
      plan.handedAt = graceFrom;
      nextAt = shared.next(graceFrom);
    }
    if (nextAt !== null) this.due.add(plan, nextAt);
  }
}
