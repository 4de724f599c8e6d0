import { errorFields } from '../../domain/log';
import { afterLoss } from '../../domain/run/lost';
import type { UnfinishedRun } from '../../repository/runs';
import type { OwningPorts } from './ports';

export interface LostRunsPorts extends OwningPorts {
  sweepMs: number;
}

/** Runs looked at in one sweep. */
const sweepLimit = 500;
/** Runs taken over at the same time. */
const atOnce = 20;

/**
 * Takes over unfinished runs whose member is not live. Level-triggered: every sweep asks anew, so nothing depends on
 * having seen the moment of a death.
 */
export class LostRuns {
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  /** Own records that were not being executed at the last renewal. */
  private suspects = new Set<string>();
  private stopped = false;

  constructor(private readonly ports: LostRunsPorts) {}

  start(): void {
    this.work = this.sweep()
      .catch((error: unknown) => this.ports.log.warn('lostRuns.sweepFailed', errorFields(error)))
      .then(() => {
        if (!this.stopped) this.timer = setTimeout(() => this.start(), this.ports.sweepMs);
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  /**
   * At each renewal: what stands under this member's name but is not executed here, two renewals in a row, is released
   * (an insert may land after its error).
   */
  async reconcile(): Promise<void> {
    const { runs, active, lease } = this.ports;
    const held = await runs.unfinishedOf([lease.memberId], sweepLimit);
    const unknown = held.filter(run => !active.has(run.id));
    const release = unknown.filter(run => this.suspects.has(run.id));
    this.suspects = new Set(unknown.map(run => run.id));
    await this.settle(release);
  }

  /** After the own lease was lost and stands again: the runs that were aborted are this member's to settle. */
  async releaseAborted(previousId: string): Promise<void> {
    const { runs, active, lease } = this.ports;
    await active.settled();
    const held = await runs.unfinishedOf([...new Set([previousId, lease.memberId])], sweepLimit);
    await this.settle(held.filter(run => !active.has(run.id)));
  }

  private async sweep(): Promise<void> {
    const { runs, members, lease } = this.ports;
    if (!lease.valid) return;
    const holders = (await runs.unfinishedMembers()).filter(id => id !== lease.memberId);
    if (holders.length === 0) return;
    // The members are read after the runs: who is dead or absent then was not live when it held them.
    const live = await members.liveOf(holders);
    const dead = holders.filter(id => !live.has(id));
    if (dead.length > 0) await this.settle(await runs.unfinishedOf(dead, sweepLimit));
  }

  /** Several at once, each started as soon as it is taken; one that cannot be settled now does not keep the others. */
  private async settle(lost: readonly UnfinishedRun[]): Promise<void> {
    const { lease, active, maxRuns } = this.ports;
    const { memberId } = lease;
    let from = 0;
    while (from < lost.length) {
      const room = Math.min(maxRuns - active.size, atOnce);
      if (this.stopped || !lease.valid || room <= 0) return;
      const part = lost.slice(from, from + room);
      from += room;
      this.assertSome(await Promise.allSettled(part.map(run => this.settleOne(run, memberId))));
    }
  }

  /** Where nothing of a part could be settled MongoDB is away: the next sweep is soon enough. Throws its error then. */
  private assertSome(settled: readonly PromiseSettledResult<unknown>[]): void {
    const failed = settled.filter(one => one.status === 'rejected');
    if (failed.length > 0 && failed.length === settled.length) throw failed[0]?.reason;
    for (const { reason } of failed) this.ports.log.warn('lostRuns.notSettled', errorFields(reason));
  }

  private async settleOne(run: UnfinishedRun, member: string): Promise<void> {
    const { runs, starter, clock, lease, log, metrics } = this.ports;
    const decision = afterLoss(run);
    const fields = { jobId: run.job, runId: run.id, from: run.member, fence: run.fence + 1 };
    if (decision.action === 'close') {
      if (await runs.closeLost(run, clock.now())) {
        metrics.runs.inc({ state: 'lost' });
        log.warn('run.lost', fields);
      }
      return;
    }
    const to = { member, hostId: lease.hostId, now: clock.now(), lostCount: decision.lostCount };
    if (!(await runs.takeOver(run, to))) return;
    metrics.takenOver.inc();
    log.warn('run.takenOver', fields);
    const { id, job, scheduledAt, attempt } = run;
    await starter.start([{ id, job, revision: run.jobRevision, scheduledAt, fence: run.fence + 1, attempt }], member);
  }
}
