import type { Clock } from '../../cluster/types';
import { errorFields, type Log } from '../../domain/log';
import type { Alerts } from '../../repository/alerts';
import type { Removals } from '../../repository/removals';

export interface JobRemovalPorts {
  removals: Removals;
  alerts: Alerts;
  clock: Clock;
  log: Log;
  alertRetentionDays: number;
}

const sweepMs = 2000;
const dayMs = 86_400_000;
const sweepLimit = 100;

/**
 * Ends what deleted jobs leave behind: open alerts are closed without a message, unsent deliveries dropped; again until
 * no run of the job is under way, because a run that still ends may write an alert.
 */
export class JobRemoval {
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly ports: JobRemovalPorts) {}

  start(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.work = this.work
      .then(() => this.sweep())
      .catch((error: unknown) => this.ports.log.warn('jobRemoval.failed', errorFields(error)))
      .then(() => {
        clearTimeout(this.timer);
        if (!this.stopped) this.timer = setTimeout(() => this.start(), sweepMs);
      });
  }

  /** A job was deleted here: sweep now. */
  wake(): void {
    this.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  private async sweep(): Promise<void> {
    const { removals, alerts, clock, log, alertRetentionDays } = this.ports;
    for (const removal of await removals.open(sweepLimit)) {
      // Asked before the sweep: a run that ends in between leaves the removal open for the next one.
      const underWay = await removals.hasUnfinishedRuns(removal);
      const now = clock.now();
      await alerts.closeAll(removal.job, removal.sweepUpTo, now, new Date(now.getTime() + alertRetentionDays * dayMs));
      await removals.dropDeliveries(removal);
      if (underWay) continue;
      await removals.finish(removal);
      log.info('job.removed', { jobId: removal.job });
    }
  }
}
