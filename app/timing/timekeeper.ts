import type { Clock } from '../cluster/types';
import type { Job } from '../domain/job/types';
import { errorFields, type Log } from '../domain/log';
import { occurrenceId } from '../domain/run/occurrence';
import type { RunHint } from '../ipc/messages';
import { Heap } from './heap';
import { PendingOccurrences } from './pendingOccurrences';
import { dueOf, nextOf, type PlannedJob, planOf } from './plan';
import { Timetables } from './timetables';

export interface TimekeeperOptions {
  standbyMs: number;
  reannounceMs: number;
  misfireHorizonMs: number;
}

export interface TimekeeperPorts {
  /** MongoDB's time. */
  clock: Clock;
  /** Whether the time can be trusted and this host may announce now; measures again after a step of a clock. */
  ready(): Promise<boolean>;
  /** 0 for the host that announces this occurrence at once, k for the k-th that looks after it. */
  rank(key: string): number;
  /** Which of these occurrences have a record. */
  recorded(keys: readonly string[]): Promise<Set<string>>;
  /** Hands a batch to the workers of this host; only wakes, may be lost. */
  announce(batch: RunHint[], again: boolean): void;
  log: Log;
  /** Called after each round with the number of jobs in the heap. */
  measured(jobs: number): void;
}

/** No timer sleeps longer: a suspended machine or a stepped clock is noticed within this span. */
const maxSleepMs = 30_000;
/** While announcing is not possible (no lease, MongoDB away) it is tried again after this span. */
const notReadyMs = 250;
/** Jobs planned in one go before the agent's other work gets its turn. */
const slice = 100;

/** Lets the agent's other work have its turn. */
const yieldToLoop = () => new Promise<void>(resolve => setImmediate(resolve));

/**
 * The only owner of cron timing on a host: one heap, one timer. It never runs anything itself; it says which
 * occurrences are due, again until each has a record.
 */
export class Timekeeper {
  private readonly heap = new Heap<PlannedJob>();
  private readonly planned = new Map<string, PlannedJob>();
  private readonly pending = new PendingOccurrences();
  private readonly timetables = new Timetables();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | null = null;
  private stopped = true;

  constructor(
    private readonly ports: TimekeeperPorts,
    private readonly options: TimekeeperOptions,
  ) {}

  start(): void {
    this.stopped = false;
    this.arm();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** Plans a job anew; what was pending of an older schedule is gone with it. */
  upsert(job: Job): void {
    const known = this.planned.get(job.name);
    if (known !== undefined && known.revision >= job.revision) return;
    const plan = planOf(job, this.timetables);
    if (plan === null) {
      this.remove(job.name);
      return;
    }
    const same = known?.scheduleKey === plan.scheduleKey && known.plannedFromAt === plan.plannedFromAt;
    if (same) plan.handedAt = known.handedAt;
    else this.pending.dropJob(job.name);
    this.planned.set(job.name, plan);
    this.replan(plan, known === undefined || !same);
    this.arm();
  }

  remove(name: string): void {
    this.planned.delete(name);
    this.heap.delete(name);
    this.pending.dropJob(name);
  }

  /** Keeps only these jobs: after everything was loaded anew. */
  retain(names: ReadonlySet<string>): void {
    for (const name of [...this.planned.keys()]) if (!names.has(name)) this.remove(name);
  }

  /** A job that is new here may have missed occurrences: those are looked up at once instead of waiting for its next. */
  private replan(plan: PlannedJob, fresh: boolean): void {
    plan.nextAt = fresh ? null : nextOf(plan);
    const at = fresh ? this.now() : plan.nextAt;
    if (at === null) this.heap.delete(plan.name);
    else this.heap.set(plan.name, at, plan);
  }

  private now(): number {
    return this.ports.clock.now().getTime();
  }

  private arm(): void {
    if (this.stopped || this.round !== null) return;
    const next = Math.min(
      this.heap.peek()?.at ?? Number.POSITIVE_INFINITY,
      this.pending.nextAt ?? Number.POSITIVE_INFINITY,
    );
    this.sleep(Math.min(Math.max(next - this.now(), 0), maxSleepMs));
  }

  private sleep(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), Math.ceil(ms));
  }

  private wake(): void {
    this.round = this.run()
      .catch((error: unknown) => {
        this.ports.log.error('timekeeper.roundFailed', errorFields(error));
        return notReadyMs;
      })
      .then(pauseMs => {
        this.round = null;
        this.ports.measured(this.heap.size);
        if (this.stopped) return;
        if (pauseMs > 0) this.sleep(pauseMs);
        else this.arm();
      });
  }

  /** Answers how long to pause before the next round; 0 for as long as nothing is due. */
  private async run(): Promise<number> {
    const due = (this.heap.peek()?.at ?? Number.POSITIVE_INFINITY) <= this.now();
    const look = (this.pending.nextAt ?? Number.POSITIVE_INFINITY) <= this.now();
    if (!due && !look) return 0;
    if (!(await this.ports.ready())) return notReadyMs;
    if (due) await this.announceDue();
    if (look) await this.lookAgain();
    return 0;
  }

  private async announceDue(): Promise<void> {
    let count = 0;
    let batch: RunHint[] = [];
    for (
      let top = this.heap.peek();
      top !== undefined && top.at <= this.now() && !this.stopped;
      top = this.heap.peek()
    ) {
      batch.push(...this.handOn(top.value, top.at));
      count += 1;
      if (count % slice === 0) {
        this.announce(batch, false);
        batch = [];
        await yieldToLoop();
      }
    }
    this.announce(batch, false);
  }

  /** Moves a job to its next instant; answers what this host announces at once. */
  private handOn(plan: PlannedJob, at: number): RunHint[] {
    const now = this.now();
    const due = dueOf(plan, now, this.options.misfireHorizonMs);
    const last = due.at(-1) ?? now;
    plan.handedAt = Math.max(plan.handedAt, last);
    this.replan(plan, false);
    return due.flatMap(scheduledAt => {
      const key = occurrenceId(plan.name, new Date(scheduledAt));
      const { name: job, revision, overlap, onLost } = plan;
      const hint = { job, revision, at: scheduledAt, overlap, claimUntil: scheduledAt + plan.graceMs, onLost };
      const rank = this.ports.rank(key);
      const late = scheduledAt < at || now - scheduledAt > this.options.reannounceMs;
      const atOnce = rank === 0 && !late;
      const waitMs = atOnce
        ? this.options.reannounceMs
        : Math.min(rank * this.options.standbyMs, this.options.reannounceMs);
      this.pending.add({ key, hint, graceMs: plan.graceMs }, now + waitMs);
      return atOnce ? [hint] : [];
    });
  }

  /** What still has no record is announced again, for as long as its misfire policy wants it. */
  private async lookAgain(): Promise<void> {
    const due = this.pending.takeDue(this.now());
    let recorded: Set<string>;
    try {
      recorded = await this.ports.recorded(due.map(occurrence => occurrence.key));
    } catch (error) {
      for (const occurrence of due) this.pending.add(occurrence, this.now() + notReadyMs * 4);
      throw error;
    }
    const missing = due.filter(({ key, hint, graceMs }) => !recorded.has(key) && this.stillWanted(hint, graceMs));
    for (const occurrence of missing) this.pending.add(occurrence, this.now() + this.options.reannounceMs);
    this.announce(
      missing.map(({ hint }) => hint),
      true,
    );
  }

  /** Past graceMs only the newest of a job's late occurrences counts, and only where the policy is `last`. */
  private stillWanted(hint: RunHint, graceMs: number): boolean {
    const plan = this.planned.get(hint.job);
    if (plan === undefined) return false;
    const graceFrom = this.now() - graceMs;
    if (hint.at >= graceFrom) return true;
    return plan.misfire === 'last' && plan.table.previous(graceFrom) === hint.at;
  }

  private announce(batch: RunHint[], again: boolean): void {
    if (batch.length > 0) this.ports.announce(batch, again);
  }
}
