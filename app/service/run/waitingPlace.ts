import { replacer } from '../../domain/run/cancel';
import { laneOf } from '../../domain/run/lane';
import { mayRunOn } from '../../domain/run/placement';
import type { RunCancels } from '../../repository/runCancels';
import type { NewRun } from '../../repository/runDocument';
import type { UnfinishedRun } from '../../repository/runOwners';
import type { RunQueue } from '../../repository/runQueue';
import type { RunRequests } from '../../repository/runRequests';
import { claimedRun } from './owned';
import type { OwningPorts } from './ports';
import type { Promoter } from './promoter';

export interface WaitingPlacePorts extends OwningPorts {
  queue: RunQueue;
  cancels: RunCancels;
  requests: RunRequests;
  promoter: Promoter;
  /** A cancel was asked for: it may be of a run that this worker executes. */
  cancelAsked(): void;
}

/** Places change hands while they are looked at; after so many looks the occurrence stays due and is announced again. */
const maxTries = 5;
/** Jobs whose places are looked at at the same time. */
const atOnce = 20;

/**
 * The policies `queue` and `replace`: every run enters by its job's one waiting place, and the job's lane is given only
 * to who waits. So a fresh run never goes before one that waits, on whichever member.
 */
export class WaitingPlace {
  constructor(private readonly ports: WaitingPlacePorts) {}

  /** Runs that have just got the waiting place by their claim: each starts at once where its job's lane is free. */
  async entered(runs: readonly NewRun[]): Promise<void> {
    if (runs.length === 0) return;
    const { starter, promoter, lease } = this.ports;
    const late = await starter.withdrawSettled(runs.map(claimedRun), lease.memberId);
    const waiting = runs.filter(run => !late.has(run.id));
    for (let from = 0; from < waiting.length; from += atOnce) {
      const part = waiting.slice(from, from + atOnce);
      const promoted = await promoter.promote(part.filter(run => this.isForHere(run)).map(laneOf));
      const replacing = part.filter(run => run.overlap === 'replace' && !promoted.has(run.id));
      await Promise.all(replacing.map(run => this.replaceRunning(run)));
    }
  }

  /** Runs whose claim was refused because another one waits. */
  async enter(runs: readonly NewRun[]): Promise<void> {
    for (let from = 0; from < runs.length; from += atOnce) {
      await Promise.all(runs.slice(from, from + atOnce).map(run => this.enterOne(run)));
    }
  }

  private async enterOne(run: NewRun): Promise<void> {
    const { runs, queue, promoter, log, clock } = this.ports;
    for (let tries = 1; tries <= maxTries; tries += 1) {
      if (await this.wasAsked(run)) return;
      const { running, waiting } = await queue.places(laneOf(run));
      if (waiting !== null && running === null && this.isForHere(run)) {
        await promoter.promote([laneOf(run)]);
        continue;
      }
      if (waiting !== null) {
        if (isSameRequest(run, waiting)) return;
        if (!goesBefore(run, waiting)) return await this.skip(run);
        if (await queue.giveWay(waiting, clock.now())) this.skipped(waiting);
      }
      const { won, lost } = await runs.claim([run]);
      if (won.length > 0) return await this.entered([run]);
      if (lost.length > 0) return;
    }
    log.info('run.placeContended', { jobId: run.job, runId: run.id });
  }

  /** Under the same key already: then it must not take the place of anyone. */
  private async wasAsked({ requestKey }: NewRun): Promise<boolean> {
    return requestKey !== undefined && (await this.ports.requests.has(requestKey));
  }

  /** The one that runs shall end, wherever it does; only a newer one than it may ask for that. */
  private async replaceRunning(run: NewRun): Promise<void> {
    const { queue, cancels, promoter, cancelAsked, clock, log } = this.ports;
    const { running, waiting } = await queue.places(laneOf(run));
    if (waiting?.id !== run.id) return;
    if (running === null) return this.isForHere(run) ? promoter.freed(laneOf(run), true) : undefined;
    if (running.scheduledAt.getTime() > run.scheduledAt.getTime()) {
      if (await queue.giveWay(waiting, clock.now())) this.skipped(waiting);
      return;
    }
    if (!(await cancels.request(running.id, replacer, clock.now()))) return;
    log.info('run.replaced', { jobId: run.job, runId: running.id, by: run.id });
    cancelAsked();
  }

  /** Others start it otherwise: their next sweep finds it. */
  private isForHere(run: NewRun): boolean {
    return mayRunOn(run, this.ports.host);
  }

  private async skip(run: NewRun): Promise<void> {
    const { runs, clock } = this.ports;
    if (await runs.insertSkipped(run, 'overlap', clock.now())) this.skipped(run);
  }

  private skipped({ job, id }: { job: string; id: string }): void {
    this.ports.metrics.runs.inc({ state: 'skipped' });
    this.ports.log.info('run.skipped', { jobId: job, runId: id, reason: 'overlap' });
  }
}

function isSameRequest({ requestKey }: NewRun, waiting: UnfinishedRun): boolean {
  return requestKey !== undefined && requestKey === waiting.requestKey;
}

/** `queue` keeps the first that waits, `replace` the newest. */
function goesBefore(run: NewRun, waiting: UnfinishedRun): boolean {
  return run.overlap === 'replace' && run.scheduledAt.getTime() > waiting.scheduledAt.getTime();
}
