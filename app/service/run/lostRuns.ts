import { errorFields } from '../../domain/log';
import { afterLoss } from '../../domain/run/lost';
import { mayRunOn } from '../../domain/run/placement';
import type { RunCancels } from '../../repository/runCancels';
import type { RunOwners, UnfinishedRun } from '../../repository/runOwners';
import { ownedRun } from './owned';
import type { OwningPorts } from './ports';
import { type StrandedRuns, strandedError } from './strandedRuns';
import { SweepLoop } from './sweepLoop';

export interface LostRunsPorts extends OwningPorts {
  owners: RunOwners;
  cancels: RunCancels;
  stranded: StrandedRuns;
  sweepMs: number;
  freed(lane: string | null, others: boolean): void;
}

type Ending = 'close' | 'cancel' | 'strand';

/** Runs looked at in one sweep. */
const sweepLimit = 500;
/** Runs taken over at the same time. */
const atOnce = 20;

/**
 * Takes over unfinished runs whose member is not live. Level-triggered: every sweep asks anew, so nothing depends on
 * having seen the moment of a death.
 */
export class LostRuns {
  private readonly loop: SweepLoop;
  /** Own records that were not being executed at the last renewal. */
  private suspects = new Set<string>();
  private stopped = false;

  constructor(private readonly ports: LostRunsPorts) {
    const failed = (error: unknown) => this.ports.log.warn('lostRuns.sweepFailed', errorFields(error));
    this.loop = new SweepLoop(() => this.sweep(), ports.sweepMs, failed);
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop.stop();
  }

  /**
   * At each renewal: what stands under this member's name but is not executed here, two renewals in a row, is released
   * (an insert may land after its error).
   */
  async reconcile(): Promise<void> {
    const { owners, active, lease } = this.ports;
    const held = await owners.unfinishedOf([lease.memberId], sweepLimit);
    const unknown = held.filter(run => !active.has(run.id));
    const release = unknown.filter(run => this.suspects.has(run.id));
    this.suspects = new Set(unknown.map(run => run.id));
    await this.settle(release);
  }

  /** After the own lease was lost and stands again: the runs that were aborted are this member's to settle. */
  async releaseAborted(previousId: string): Promise<void> {
    const { owners, active, lease } = this.ports;
    await active.settled();
    const held = await owners.unfinishedOf([...new Set([previousId, lease.memberId])], sweepLimit);
    await this.settle(held.filter(run => !active.has(run.id)));
  }

  private async sweep(): Promise<void> {
    const { owners, members, lease } = this.ports;
    if (!lease.valid || lease.draining) return;
    const holders = (await owners.unfinishedMembers()).filter(id => id !== lease.memberId);
    if (holders.length === 0) return;
    // The members are read after the runs: who is dead or absent then was not live when it held them.
    const live = await members.liveOf(holders);
    const dead = holders.filter(id => !live.has(id));
    if (dead.length === 0) return;
    // Asked apart: however much a host that is gone has left, it keeps nothing from being taken over here.
    const { id } = this.ports.host;
    const own = owners.unfinishedFor(id, dead, sweepLimit);
    const lost = (await Promise.all([own, owners.unfinishedElsewhere(id, dead, sweepLimit)])).flat();
    const others = lost.filter(run => this.isForOthers(run));
    await this.settle(lost.filter(run => !others.includes(run)));
    for (const run of await this.ports.stranded.overdue(others)) await this.end(run, 'strand');
  }

  /** Whether only other hosts may go on with it; that it ends is for anybody to write. */
  private isForOthers(run: UnfinishedRun): boolean {
    return !mayRunOn(run, this.ports.host) && afterLoss(run).action === 'restart';
  }

  /** Several at once, each started as soon as it is taken; one that cannot be settled now does not keep the others. */
  private async settle(lost: readonly UnfinishedRun[]): Promise<void> {
    const { lease, active, maxRuns } = this.ports;
    const { memberId } = lease;
    let from = 0;
    while (from < lost.length) {
      const room = Math.min(active.room(maxRuns), atOnce);
      if (this.stopped || !(lease.valid || lease.suspended) || room <= 0) return;
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
    const { owners, starter, clock, lease, log, metrics } = this.ports;
    const decision = afterLoss(run);
    if (decision.action !== 'restart') return await this.end(run, decision.action);
    if (lease.suspended || lease.draining) return await this.giveUp(run, decision.lostCount);
    const to = { member, hostId: lease.hostId, now: clock.now(), lostCount: decision.lostCount };
    if (!(await owners.takeOver(run, to))) return;
    metrics.takenOver.inc();
    const fence = run.fence + 1;
    log.warn('run.takenOver', { jobId: run.job, runId: run.id, from: run.member, fence });
    await starter.start([ownedRun({ ...run, fence }, 'takeOver')], member);
  }

  /** A suspended or draining member lives, so nobody takes from it: what its lost lease has aborted must not wait for it. */
  private async giveUp(run: UnfinishedRun, lostCount: number): Promise<void> {
    if (!(await this.ports.owners.release(run, lostCount))) return;
    this.ports.log.warn('run.released', { jobId: run.job, runId: run.id, fence: run.fence + 1 });
  }

  private async end(run: UnfinishedRun, action: Ending): Promise<void> {
    if (!(await endLost(run, action, this.ports))) return;
    const state = action === 'cancel' ? 'cancelled' : 'lost';
    this.ports.metrics.runs.inc({ state });
    this.ports.log.warn(`run.${state}`, { jobId: run.job, runId: run.id, from: run.member, fence: run.fence + 1 });
    this.ports.freed(run.slot ?? null, true);
  }
}

/** Ends the record of a run whose member is lost; false where another one was faster. */
export async function endLost(
  run: UnfinishedRun,
  action: Ending,
  { owners, cancels, clock }: Pick<LostRunsPorts, 'owners' | 'cancels' | 'clock'>,
): Promise<boolean> {
  if (action === 'close') return await owners.closeLost(run, clock.now());
  if (action === 'strand') return await owners.closeLost(run, clock.now(), strandedError(run));
  const { id, fence, cancelRequestedBy: by = 'nobody' } = run;
  return await cancels.close({ id, fence, by }, clock.now());
}
