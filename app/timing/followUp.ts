import type { Clock } from '../cluster/types';
import type { Log } from '../domain/log';
import type { RunHint } from '../ipc/messages';
import { PendingOccurrences } from './pendingOccurrences';
import type { PlannedJob, PlannedOccurrence } from './plan';
import { notReadyMs, Rounds } from './rounds';

export interface FollowUpPorts {
  /** MongoDB's time. */
  clock: Clock;
  ready(): Promise<boolean>;
  /** Which of these occurrences have a record. */
  recorded(keys: readonly string[]): Promise<Set<string>>;
  announce(batch: RunHint[], again: boolean): void;
  /** Occurrences from `at` to `until` passed their grace span without a record: the misfire policy decides. */
  missed(plan: PlannedJob, at: number, until: number): void;
  /** The job of these is not run by this plan any more, and nobody recorded them. */
  ended(occurrences: PlannedOccurrence[]): Promise<void>;
  log: Log;
}

export interface FollowUpOptions {
  standbyMs: number;
  reannounceMs: number;
}

/** So many without a record beside others that got theirs: their host is at work, and to race it would only slow both. */
const crowd = 200;
/** Looked at by one question. */
const lookLimit = 1000;
/** After a failed look the same occurrences are looked at again. */
const afterErrorMs = 1000;

/** Follows each due occurrence until it has a record: announces it again, and gives it over when it is too late. */
export class FollowUp {
  private readonly pending = new PendingOccurrences();
  private readonly rounds: Rounds;
  /** When a look last found records, in ms: somebody claims. */
  private progressAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ports: FollowUpPorts,
    private readonly options: FollowUpOptions,
  ) {
    const nextMs = () => this.pending.nextAt - this.now();
    this.rounds = new Rounds({ name: 'followUp', nextMs, round: () => this.round() }, ports.log);
  }

  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /** Looks at the occurrence at `lookAt` (ms), and from then on each reannounceMs. */
  add(plan: PlannedJob, at: number, lookAt: number): void {
    const isSooner = lookAt < this.pending.nextAt;
    this.pending.add(plan, at, lookAt);
    if (isSooner) this.rounds.arm();
  }

  /** The earliest due time of what has no record as far as is known; infinite when nothing is open. */
  oldest(): number {
    return this.pending.oldest();
  }

  /** The time may have changed by a step. */
  arm(): void {
    this.rounds.arm();
  }

  private now(): number {
    return this.ports.clock.now().getTime();
  }

  private async round(): Promise<number> {
    if (this.pending.nextAt > this.now()) return 0;
    if (!(await this.ports.ready())) return notReadyMs;
    while (!this.rounds.stopped) {
      const due = this.pending.take(this.now(), lookLimit);
      if (due.length === 0) break;
      try {
        await this.look(due);
      } catch (error) {
        for (const { plan, at } of due) this.pending.add(plan, at, this.now() + afterErrorMs);
        throw error;
      } finally {
        this.pending.done();
      }
    }
    return 0;
  }

  private async look(due: PlannedOccurrence[]): Promise<void> {
    const keys = due.map(({ plan, at }) => plan.keyOf(at));
    const recorded = await this.ports.recorded(keys);
    const missing = due.filter((_, index) => !recorded.has(keys[index] ?? ''));
    const ended = missing.filter(({ plan, at }) => endsWith(plan, at));
    if (ended.length > 0) await this.ports.ended(ended);
    const again: RunHint[] = [];
    const now = this.now();
    const { standbyMs, reannounceMs } = this.options;
    if (recorded.size > 0) this.progressAt = now;
    const isCrowd = missing.length >= crowd && now - this.progressAt < standbyMs;
    for (const { plan, at } of missing) {
      if (plan.end !== null) continue;
      if (now > at + plan.claimMs) {
        this.ports.missed(plan, at, at);
      } else if (isCrowd && now < at + reannounceMs) {
        this.pending.add(plan, at, Math.min(now, at + reannounceMs - standbyMs) + standbyMs);
      } else {
        if (plan.isForHere) again.push(plan.hint(at));
        this.pending.add(plan, at, now + reannounceMs);
      }
    }
    if (again.length > 0) this.ports.announce(again, true);
  }
}

/** Whether the occurrence was due before its plan ended, and leaves a record of that. */
function endsWith({ end }: PlannedJob, at: number): boolean {
  return end !== null && end.why !== 'deleted' && at < end.at;
}
