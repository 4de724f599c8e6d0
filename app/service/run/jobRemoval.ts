import type { Clock } from '../../cluster/types';
import { errorFields, type Log } from '../../domain/log';
import type { Alerts } from '../../repository/alerts';
import type { Removals } from '../../repository/removals';
import type { RunQueue } from '../../repository/runQueue';
import { SweepLoop } from './sweepLoop';

export interface JobRemovalPorts {
  removals: Removals;
  queue: RunQueue;
  alerts: Alerts;
  clock: Clock;
  log: Log;
  alertRetentionDays: number;
  /** Nothing must be under way for so long: what a member had read before the deletion it may write afterwards. */
  quietMs: number;
}

const sweepMs = 2000;
const dayMs = 86_400_000;
const sweepLimit = 100;

/**
 * Ends what deleted jobs leave behind: open alerts are closed without a message, unsent deliveries dropped, runs that
 * wait ended; again until no run of the job is under way, because a run that still ends may write an alert.
 */
export class JobRemoval {
  private readonly loop: SweepLoop;
  /** Since when nothing of a removal is under way, in monotonic ms. */
  private quietSince: ReadonlyMap<string, number> = new Map();

  constructor(private readonly ports: JobRemovalPorts) {
    const failed = (error: unknown) => this.ports.log.warn('jobRemoval.failed', errorFields(error));
    this.loop = new SweepLoop(() => this.sweep(), sweepMs, failed);
  }

  start(): void {
    this.loop.start();
  }

  /** A job was deleted here: sweep now. */
  wake(): void {
    this.loop.wake();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async sweep(): Promise<void> {
    const { removals, queue, alerts, clock, log, alertRetentionDays, quietMs } = this.ports;
    const quietSince = new Map<string, number>();
    for (const removal of await removals.open(sweepLimit)) {
      await queue.removeJob(removal.job, removal.sweepUpTo, clock.now());
      // Asked before the sweep: a run that ends in between leaves the removal open for the next one.
      const underWay = await removals.hasUnfinishedRuns(removal);
      const now = clock.now();
      await alerts.closeAll(removal.job, removal.sweepUpTo, now, new Date(now.getTime() + alertRetentionDays * dayMs));
      await removals.dropDeliveries(removal);
      if (underWay) continue;
      const key = `${removal.job}@${removal.sweepUpTo}`;
      const since = this.quietSince.get(key) ?? performance.now();
      quietSince.set(key, since);
      if (performance.now() - since < quietMs) continue;
      await removals.finish(removal);
      log.info('job.removed', { jobId: removal.job });
    }
    this.quietSince = quietSince;
  }
}
