import type { Metrics } from '../cluster/metrics';
import type { Clock } from '../cluster/types';
import { errorFields, type Log } from '../domain/log';
import type { Labels } from '../domain/message/types';
import { labelsInWords } from '../domain/run/placement';
import type { Settled, SettleRequest } from '../repository/settlements';
import type { PlannedJob } from './plan';
import { notReadyMs, Rounds } from './rounds';

export interface MisfiresPorts {
  clock: Clock;
  ready(): Promise<boolean>;
  alone(): boolean;
  rank(key: string): number;
  /** Whether a live host has these labels. */
  anyHostWith(labels: Labels): boolean;
  settle(request: SettleRequest): Promise<Settled | null>;
  /** By lane: a job's name, or `job~hostId`. */
  settledUntil(lanes: readonly string[]): Promise<Map<string, Date>>;
  /** Runs were queued: the workers of this host look for them. */
  wake(): void;
  metrics: Metrics;
  log: Log;
}

/** What is known of one job's missed occurrences; times in ms. */
interface Missed {
  oldest: number;
  newest: number;
  decideAt: number;
  /** Whether a calendar keeps all of them back. */
  kept: boolean;
}

/** Behind the moment until which workers may claim, by their own estimates of the time. */
const afterGraceMs = 1000;
/** What a calendar keeps back is nobody's to run and can wait: so long that a dense schedule costs little. */
const keptBackMs = 30_000;
const againMs = 1000;
const jobsAtOnce = 1000;
const settledAtOnce = 8;

/** Sees to it that what nobody recorded within its grace is decided: by one host, the next one standing by. */
export class Misfires {
  private readonly open = new Map<PlannedJob, Missed>();
  private readonly rounds: Rounds;
  /** Jobs that were found without a host that may run them. */
  private readonly homeless = new WeakSet<PlannedJob>();
  private nextAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly ports: MisfiresPorts,
    private readonly standbyMs: number,
  ) {
    const nextMs = () => this.nextAt - this.now();
    this.rounds = new Rounds({ name: 'misfires', nextMs, round: () => this.round() }, ports.log);
  }

  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /** Occurrences of this job in [at, until], in ms, have no record and are late, or are kept back by a calendar. */
  add(plan: PlannedJob, at: number, until: number): void {
    const known = this.open.get(plan);
    const kept = plan.hasCalendar && plan.shared.table.keptBack(at);
    const lateAt = Math.max(at + plan.claimMs, this.now() - afterGraceMs);
    const decideAt = lateAt + afterGraceMs + this.standbyOf(plan) + (kept ? keptBackMs : 0);
    this.open.set(plan, {
      oldest: Math.min(at, known?.oldest ?? at),
      newest: Math.max(until, known?.newest ?? until),
      decideAt: Math.min(decideAt, known?.decideAt ?? decideAt),
      kept: kept && (known?.kept ?? true),
    });
    if (decideAt >= this.nextAt) return;
    this.nextAt = decideAt;
    this.rounds.arm();
  }

  /** The earliest due time that is not decided, in ms; infinite when nothing is open. */
  oldestOpen(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const missed of this.open.values()) oldest = Math.min(oldest, missed.oldest);
    return oldest;
  }

  private now(): number {
    return this.ports.clock.now().getTime();
  }

  /** What is this host's own is decided by no other. */
  private standbyOf(plan: PlannedJob): number {
    return plan.boundTo !== undefined || this.ports.alone() ? 0 : this.ports.rank(plan.name) * this.standbyMs;
  }

  private async round(): Promise<number> {
    if (this.nextAt > this.now()) return 0;
    if (!(await this.ports.ready())) return notReadyMs;
    const due = await this.undecided();
    let queued = 0;
    for (let from = 0; from < due.length && !this.rounds.stopped; from += settledAtOnce) {
      const part = due.slice(from, from + settledAtOnce);
      const runs = await Promise.all(part.map(plan => this.settle(plan)));
      queued += runs.reduce((sum, count) => sum + count, 0);
    }
    if (queued > 0) this.ports.wake();
    this.nextAt = this.earliest();
    return 0;
  }

  /** The jobs whose time has come and that no other host has decided about. */
  private async undecided(): Promise<PlannedJob[]> {
    const now = this.now();
    const due: PlannedJob[] = [];
    for (const [plan, missed] of this.open) {
      if (plan.end?.why === 'deleted') this.open.delete(plan);
      else if (missed.decideAt <= now) due.push(plan);
      if (due.length === jobsAtOnce) break;
    }
    const until = await this.ports.settledUntil(due.map(plan => plan.lane));
    for (const plan of due) this.decidedUntil(plan, until.get(plan.lane)?.getTime() ?? Number.NEGATIVE_INFINITY);
    return due.filter(plan => (this.open.get(plan)?.decideAt ?? Number.POSITIVE_INFINITY) <= now);
  }

  /** Answers how many runs were queued. */
  private async settle(plan: PlannedJob): Promise<number> {
    const { name: job, revision, shared, boundTo } = plan;
    const { metrics, log, clock } = this.ports;
    try {
      const ended = this.endedSpan(plan, this.open.get(plan));
      const isHomeless = ended === undefined && this.isHomeless(plan);
      const request = { job, revision, table: shared.table, now: clock.now(), boundTo, isHomeless, ended };
      const settled = await this.ports.settle(request);
      if (ended !== undefined) this.open.delete(plan);
      if (settled === null) {
        this.postpone(plan, againMs);
        return 0;
      }
      this.decidedUntil(plan, settled.until.getTime());
      const { runs, skipped } = settled;
      metrics.missed.inc({ decision: 'queued' }, runs);
      metrics.missed.inc({ decision: 'skipped' }, skipped);
      if (runs + skipped > 0) log.info('occurrences.settled', { jobId: job, until: settled.until, runs, skipped });
      return runs;
    } catch (error) {
      log.warn('occurrences.notSettled', { jobId: job, ...errorFields(error) });
      this.postpone(plan, againMs);
      return 0;
    }
  }

  /** Between its outage and the decision the job was stopped or planned anew: what was due before that is recorded. */
  private endedSpan({ end }: PlannedJob, missed: Missed | undefined): SettleRequest['ended'] {
    if (end === null || end.why === 'deleted' || missed === undefined) return undefined;
    return { from: missed.oldest, until: Math.min(missed.newest, end.at - 1) };
  }

  /** Whether no live host may run the job. The log tells it when it begins. */
  private isHomeless(plan: PlannedJob): boolean {
    const { name: jobId, boundTo, placement } = plan;
    if (boundTo !== undefined || this.ports.anyHostWith(placement.hostLabels)) {
      this.homeless.delete(plan);
      return false;
    }
    const hostLabels = labelsInWords(placement.hostLabels);
    if (!this.homeless.has(plan)) this.ports.log.warn('job.noHost', { jobId, hostLabels });
    this.homeless.add(plan);
    return true;
  }

  /** What is left was still in its grace then. */
  private decidedUntil(plan: PlannedJob, until: number): void {
    const missed = this.open.get(plan);
    if (missed === undefined || until < missed.oldest) return;
    missed.oldest = until + 1;
    if (until >= missed.newest) this.open.delete(plan);
    else this.postpone(plan, this.standbyOf(plan) + (missed.kept ? keptBackMs : againMs));
  }

  private postpone(plan: PlannedJob, waitMs: number): void {
    const missed = this.open.get(plan);
    if (missed !== undefined) missed.decideAt = this.now() + waitMs;
  }

  private earliest(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { decideAt } of this.open.values()) earliest = Math.min(earliest, decideAt);
    return earliest;
  }
}
