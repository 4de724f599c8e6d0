import { errorFields } from '../../domain/log';
import { RunCancelledError } from '../../domain/run/errors';
import type { RunCancels } from '../../repository/runCancels';
import type { UnfinishedRun } from '../../repository/runOwners';
import type { OwningPorts } from './ports';
import { SweepLoop } from './sweepLoop';

export interface CancelsPorts extends Omit<OwningPorts, 'starter' | 'maxRuns'> {
  cancels: RunCancels;
  sweepMs: number;
  killGraceMs: number;
  freed(lane: string | null, others: boolean): void;
}

/** A cancel is heard within 1.5 s, whatever the pace of the other sweeps. */
const longestSweepMs = 1000;
const sweepLimit = 500;

/** Hears which of its runs a member shall end: aborts their work, and closes the records of work that does not end. */
export class Cancels {
  private readonly loop: SweepLoop;

  constructor(private readonly ports: CancelsPorts) {
    const failed = (error: unknown) => this.ports.log.warn('cancels.sweepFailed', errorFields(error));
    this.loop = new SweepLoop(() => this.sweep(), Math.min(ports.sweepMs, longestSweepMs), failed);
  }

  start(): void {
    this.loop.start();
  }

  /** A cancel was asked for here: look now. */
  wake(): void {
    this.loop.wake();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async sweep(): Promise<void> {
    const { cancels, lease } = this.ports;
    if (!lease.valid) return;
    for (const run of await cancels.requestedOf(lease.memberId, sweepLimit)) await this.end(run);
  }

  private async end(run: UnfinishedRun): Promise<void> {
    const { active, clock, killGraceMs } = this.ports;
    const { cancelRequestedAt = clock.now(), cancelRequestedBy: by = 'nobody' } = run;
    const leftMs = cancelRequestedAt.getTime() + killGraceMs - clock.now().getTime();
    active.get(run.id)?.work.cancel(new RunCancelledError(by, Math.max(leftMs, 0)));
    if (leftMs <= 0) await this.close(run, by);
  }

  /** The work has not ended in its time: the record ends without it, and under fence + 1 nothing that it does counts. */
  private async close({ id, fence, job, slot }: UnfinishedRun, by: string): Promise<void> {
    const { cancels, clock, metrics, log, freed } = this.ports;
    if (!(await cancels.close({ id, fence, by }, clock.now()))) return;
    metrics.runs.inc({ state: 'cancelled' });
    log.warn('run.closed', { jobId: job, runId: id, fence, by });
    freed(slot ?? null, true);
  }
}
