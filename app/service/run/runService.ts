import { setTimeout as sleep } from 'node:timers/promises';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import { errorFields, type Log } from '../../domain/log';
import { afterLoss } from '../../domain/run/lost';
import type { AnyExecutor } from '../../executor/types';
import type { RunHint } from '../../ipc/messages';
import type { Alerts } from '../../repository/alerts';
import type { Database } from '../../repository/database';
import type { Members } from '../../repository/members';
import type { Runs } from '../../repository/runs';
import { ActiveRuns } from './activeRuns';
import { endLost } from './lostRuns';
import type { RunControl } from './runControl';
import { RunParts } from './runParts';
import type { SourceReader } from './sourceReader';

export interface RunServicePorts {
  database: Database;
  members: Members;
  runs: Runs;
  alerts: Alerts;
  executors: ReadonlyMap<string, AnyExecutor>;
  reader: SourceReader;
  lease: Lease;
  clock: Clock;
  metrics: Metrics;
  log: Log;
  wakeDeliveries(): void;
  maxRuns: number;
  sweepMs: number;
  /** How long the work of a cancelled run may take to end. */
  killGraceMs: number;
  /** What has waited for its lane for so long is ended as expired. */
  misfireHorizonMs: number;
  runRetentionDays: number;
  alertRetentionDays: number;
}

/** Runs of one stop are settled within this span, so that a worker ends before Egg kills it (5 s). */
const abortMs = 1000;
const handOverLimit = 2000;
const endings = { restart: 'released', close: 'lost', cancel: 'cancelled' } as const;

/** The path of an occurrence in a worker: claimed, started, executed, concluded; and taken over when others fail. */
export class RunService {
  /** What people ask of runs. */
  readonly control: RunControl;
  private readonly active = new ActiveRuns();
  private readonly parts: RunParts;

  constructor(private readonly ports: RunServicePorts) {
    this.parts = new RunParts(ports, this.active);
    this.control = this.parts.control;
  }

  start(): void {
    const { lostRuns, cancels, promoter } = this.parts;
    lostRuns.start();
    cancels.start();
    promoter.start();
  }

  /** Announced occurrences, from the agent. */
  accept(hints: readonly RunHint[]): void {
    this.parts.intake.accept(hints);
  }

  /** Runs were queued by somebody of this host: start those whose lane is free. */
  wake(): void {
    this.parts.promoter.wake();
  }

  /** The own lease is lost: nothing that is being done here may have an effect any more. */
  leaseLost(): void {
    this.active.abortAll(new Error('The lease of this member is lost.'));
  }

  /** The lease stands again: what was aborted is this member's to settle. */
  leaseRegained(previousId: string): void {
    this.own('run.releaseFailed', this.parts.lostRuns.releaseAborted(previousId));
  }

  /** After each renewal. */
  renewed(): void {
    this.own('run.reconcileFailed', this.parts.lostRuns.reconcile());
  }

  /** Claims nothing more, lets runs end for drainMs, aborts the rest and gives them up. */
  async stop(drainMs: number): Promise<void> {
    const { intake, lostRuns, cancels, promoter } = this.parts;
    await Promise.all([intake.stop(), lostRuns.stop(), cancels.stop(), promoter.stop()]);
    const limit = new AbortController();
    await Promise.race([this.active.settled(), sleep(drainMs, undefined, { signal: limit.signal })]);
    this.active.abortAll(new Error('This member stops.'));
    await Promise.race([this.active.settled(), sleep(abortMs, undefined, { signal: limit.signal })]);
    limit.abort();
    await this.handOver();
  }

  private async handOver(): Promise<void> {
    const { lease, clock, log } = this.ports;
    const { owners, cancelWrites } = this.parts;
    for (const run of await owners.unfinishedOf([lease.memberId], handOverLimit)) {
      const { action } = afterLoss(run);
      const given =
        action === 'restart'
          ? await owners.release(run, run.lostCount)
          : await endLost(run, action, { owners, cancels: cancelWrites, clock });
      if (given) log.info(`run.${endings[action]}`, { jobId: run.job, runId: run.id });
    }
  }

  private own(event: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.ports.log.warn(event, errorFields(error)));
  }
}
