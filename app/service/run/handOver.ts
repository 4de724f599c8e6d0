import { setTimeout as sleep } from 'node:timers/promises';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import { errorFields, type Log } from '../../domain/log';
import { afterLoss } from '../../domain/run/lost';
import type { RunCancels } from '../../repository/runCancels';
import type { RunOwners, UnfinishedRun } from '../../repository/runOwners';
import type { ActiveRuns } from './activeRuns';
import { endLost } from './lostRuns';

export interface HandOverPorts {
  active: ActiveRuns;
  owners: RunOwners;
  cancels: RunCancels;
  lease: Lease;
  clock: Clock;
  metrics: Metrics;
  log: Log;
}

/** After its abort a run's work has this long to end; then the run is handed over without it. */
const abortMs = 1000;
const mostRuns = 10_000;
/** Records written at the same time. */
const atOnce = 40;
const endings = { restart: 'released', close: 'lost', cancel: 'cancelled' } as const;

/** Gives up what a member may not go on with: each run as soon as its work has ended, none before, unless it is deaf. */
export class HandOver {
  constructor(private readonly ports: HandOverPorts) {}

  /** Aborts every run and gives each up. Ends within abortMs and the time of the writes behind it. */
  async run(reason: Error): Promise<void> {
    const { active } = this.ports;
    active.abortAll(reason);
    const inTime = new AbortController();
    const deaf = sleep(abortMs, undefined, { signal: inTime.signal }).catch(() => undefined);
    const held = await this.held();
    const running = held.filter(run => active.has(run.id));
    await Promise.race([Promise.all(running.map(run => this.afterItsWork(run))), deaf]);
    inTime.abort();
    // What a retry of the work has changed meanwhile, what is deaf, and what was never executed.
    await this.giveUp(await this.held());
  }

  /** Gives up at once what this member has claimed and does not execute: nobody else would begin it meanwhile. */
  async idle(): Promise<void> {
    const { active } = this.ports;
    await this.giveUp((await this.held()).filter(run => !active.has(run.id)));
  }

  private async held(): Promise<UnfinishedRun[]> {
    const { owners, lease } = this.ports;
    return await owners.unfinishedOf([lease.memberId], mostRuns);
  }

  private async giveUp(runs: readonly UnfinishedRun[]): Promise<void> {
    for (let from = 0; from < runs.length; from += atOnce) {
      await Promise.all(runs.slice(from, from + atOnce).map(run => this.giveOneUp(run)));
    }
  }

  private async afterItsWork(run: UnfinishedRun): Promise<void> {
    await this.ports.active.ended(run.id);
    await this.giveOneUp(run);
  }

  /** One that cannot be written now is left to the next look, or to whoever finds its member gone. */
  private async giveOneUp(run: UnfinishedRun): Promise<void> {
    const { owners, metrics, log } = this.ports;
    const { action } = afterLoss(run);
    const fields = { jobId: run.job, runId: run.id };
    try {
      const given =
        action === 'restart' ? await owners.release(run, run.lostCount) : await endLost(run, action, this.ports);
      if (!given) return;
      if (action !== 'restart') metrics.runs.inc({ state: endings[action] });
      log.info(`run.${endings[action]}`, fields);
    } catch (error) {
      log.warn('run.notHandedOver', { ...fields, ...errorFields(error) });
    }
  }
}
