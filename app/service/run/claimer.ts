import { laneOf } from '../../domain/run/lane';
import type { Database } from '../../repository/database';
import type { NewRun } from '../../repository/runDocument';
import { claimedRun } from './owned';
import type { OwningPorts } from './ports';
import type { WaitingPlace } from './waitingPlace';

export interface ClaimerPorts extends OwningPorts {
  database: Database;
  waitingPlace: WaitingPlace;
}

/** Makes occurrences this member's own by the overlap policy of each, and starts those that may run at once. */
export class Claimer {
  constructor(private readonly ports: ClaimerPorts) {}

  /** Every one of them is claimed, given way or left to whoever has it already; what stays due is announced again. */
  async claim(newRuns: readonly NewRun[]): Promise<void> {
    const { database, runs, lease, metrics, starter, waitingPlace } = this.ports;
    const { memberId } = lease;
    const { won, busy } = await database.causally(async session => {
      const result = await runs.claim(newRuns, session);
      metrics.claimsWon.inc(result.won.length);
      metrics.claimsLost.inc(result.lost.length);
      const ids = new Set(result.won);
      const own = newRuns.filter(run => ids.has(run.id));
      const starting = own.filter(run => run.member === memberId && !waits(run));
      await starter.start(starting.map(claimedRun), memberId, session);
      return { won: own, busy: new Set(result.busy) };
    });
    const refused = newRuns.filter(run => busy.has(run.id));
    await waitingPlace.entered(won.filter(waits));
    await waitingPlace.enter(refused.filter(waits));
    await this.giveWay(refused.filter(run => !waits(run)));
  }

  /**
   * Another run of the job holds its lane. Busy counts only when its member is live; otherwise the occurrence stays due
   * and is decided after the take-over.
   */
  private async giveWay(refused: readonly NewRun[]): Promise<void> {
    if (refused.length === 0) return;
    const { runs, members, clock, log, metrics } = this.ports;
    const owners = await runs.slotOwners(refused.map(laneOf));
    const live = await members.liveOf([...new Set(owners.values())]);
    for (const run of refused) {
      const owner = owners.get(laneOf(run));
      if (owner === undefined || !live.has(owner)) {
        log.info('run.slotOwnerLost', { jobId: run.job, runId: run.id });
        continue;
      }
      if (!(await runs.insertSkipped(run, 'overlap', clock.now()))) continue;
      metrics.runs.inc({ state: 'skipped' });
      log.info('run.skipped', { jobId: run.job, runId: run.id, reason: 'overlap' });
    }
  }
}

function waits({ overlap }: NewRun): boolean {
  return overlap === 'queue' || overlap === 'replace';
}
