import { errorFields } from '../../domain/log';
import { occurrenceId } from '../../domain/run/occurrence';
import type { RunHint } from '../../ipc/messages';
import type { Database } from '../../repository/database';
import type { NewRun } from '../../repository/runs';
import type { OwningPorts } from './ports';

export interface IntakePorts extends OwningPorts {
  database: Database;
}

/** What is announced beyond this is dropped here and announced again by the agent. */
const maxWaiting = 20_000;
const batchSize = 1000;
/** While no place is free or the lease is lost, places are looked for after this span. */
const retryMs = 50;

/** Takes announced occurrences, claims as many as can start soon, and keeps the others waiting. */
export class Intake {
  private readonly waiting = new Map<string, RunHint>();
  private pumping: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private claiming = 0;
  private stopped = false;

  constructor(private readonly ports: IntakePorts) {}

  /** Announced occurrences; the same one may come many times. */
  accept(hints: readonly RunHint[]): void {
    for (const hint of hints) {
      const key = occurrenceId(hint.job, new Date(hint.at));
      if (this.waiting.size < maxWaiting && !this.ports.active.has(key)) this.waiting.set(key, hint);
    }
    this.pump();
  }

  /** Claims nothing any more; settles when what is being claimed has been started. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.waiting.clear();
    clearTimeout(this.timer);
    await this.pumping;
  }

  private pump(): void {
    if (this.pumping !== null || this.stopped) return;
    this.pumping = this.drain()
      .catch((error: unknown) => this.ports.log.warn('intake.claimFailed', errorFields(error)))
      .finally(() => {
        this.pumping = null;
        this.ports.metrics.waiting.set(this.waiting.size);
        if (this.waiting.size > 0 && !this.stopped) this.timer = setTimeout(() => this.pump(), retryMs);
      });
  }

  private async drain(): Promise<void> {
    const { lease, active, maxRuns, log } = this.ports;
    while (this.waiting.size > 0 && !this.stopped) {
      if (!lease.valid) {
        log.warn('intake.withoutLease', { dropped: this.waiting.size });
        this.waiting.clear();
        return;
      }
      const room = Math.min(maxRuns - active.size - this.claiming, batchSize);
      if (room <= 0) return;
      const batch = [...this.waiting].slice(0, room);
      for (const [key] of batch) this.waiting.delete(key);
      this.claiming = batch.length;
      try {
        await this.claim(batch);
      } finally {
        this.claiming = 0;
      }
    }
  }

  private async claim(batch: [string, RunHint][]): Promise<void> {
    const { database, runs, lease, metrics, starter } = this.ports;
    const { memberId } = lease;
    const hints = new Map(batch);
    const newRuns = batch.map(([id, hint]) => this.newRun(id, hint));
    const busy = await database.causally(async session => {
      const result = await runs.claim(newRuns, session);
      metrics.claimsWon.inc(result.won.length);
      metrics.claimsLost.inc(result.lost.length);
      const owned = result.won.flatMap(id => {
        const hint = hints.get(id);
        if (hint === undefined) return [];
        const { job, revision, at } = hint;
        return [{ id, job, revision, scheduledAt: new Date(at), fence: 1, attempt: 1 }];
      });
      await starter.start(owned, memberId, session);
      return new Set(result.busy);
    });
    if (busy.size > 0) await this.giveWay(newRuns.filter(run => busy.has(run.id)));
  }

  /**
   * Another run of the job holds its slot. Busy counts only when its member is live; otherwise the occurrence stays due
   * and is decided after the take-over.
   */
  private async giveWay(refused: NewRun[]): Promise<void> {
    const { runs, members, clock, log, metrics } = this.ports;
    const owners = await runs.slotOwners(refused.map(run => run.job));
    const live = await members.liveOf([...new Set(owners.values())]);
    for (const run of refused) {
      const owner = owners.get(run.job);
      if (owner === undefined || !live.has(owner)) {
        log.info('run.slotOwnerLost', { jobId: run.job, runId: run.id });
        continue;
      }
      if (!(await runs.insertSkipped(run, 'overlap', clock.now()))) continue;
      metrics.runs.inc({ state: 'skipped' });
      log.info('run.skipped', { jobId: run.job, runId: run.id, reason: 'overlap' });
    }
  }

  private newRun(id: string, { job, revision, at, overlap, onLost }: RunHint): NewRun {
    const { lease, clock } = this.ports;
    return {
      id,
      job,
      jobRevision: revision,
      scheduledAt: new Date(at),
      claimedAt: clock.now(),
      onLost,
      alone: overlap !== 'allow',
      member: lease.memberId,
      hostId: lease.hostId,
    };
  }
}
