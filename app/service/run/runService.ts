import { setTimeout as sleep } from 'node:timers/promises';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import { errorFields, type Log } from '../../domain/log';
import { afterLoss } from '../../domain/run/lost';
import type { AnyExecutor } from '../../executor/types';
import type { RunHint } from '../../ipc/messages';
import type { Alerts } from '../../repository/alerts';
import type { Database } from '../../repository/database';
import { Jobs } from '../../repository/jobs';
import type { Members } from '../../repository/members';
import type { Runs } from '../../repository/runs';
import { ActiveRuns } from './activeRuns';
import { Conclusion } from './conclusion';
import { Intake } from './intake';
import { LostRuns } from './lostRuns';
import { Runner } from './runner';
import type { SourceReader } from './sourceReader';
import { Starter } from './starter';

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
  alertRetentionDays: number;
}

/** Runs of one stop are settled within this span, so that a worker ends before Egg kills it (5 s). */
const abortMs = 1000;
const handOverLimit = 2000;

/** The path of an occurrence in a worker: claimed, started, executed, concluded; and taken over when others fail. */
export class RunService {
  private readonly active = new ActiveRuns();
  private readonly intake: Intake;
  private readonly lostRuns: LostRuns;

  constructor(private readonly ports: RunServicePorts) {
    const { active } = this;
    const jobs = new Jobs(ports.database);
    const conclusion = new Conclusion(ports);
    const runner = new Runner({ ...ports, jobs, conclusion, active });
    const starter = new Starter({ ...ports, jobs, runner });
    this.intake = new Intake({ ...ports, starter, active });
    this.lostRuns = new LostRuns({ ...ports, starter, active });
  }

  start(): void {
    this.lostRuns.start();
  }

  /** Announced occurrences, from the agent. */
  accept(hints: readonly RunHint[]): void {
    this.intake.accept(hints);
  }

  /** The own lease is lost: nothing that is being done here may have an effect any more. */
  leaseLost(): void {
    this.active.abortAll(new Error('The lease of this member is lost.'));
  }

  /** The lease stands again: what was aborted is this member's to settle. */
  leaseRegained(previousId: string): void {
    this.own('run.releaseFailed', this.lostRuns.releaseAborted(previousId));
  }

  /** After each renewal. */
  renewed(): void {
    this.own('run.reconcileFailed', this.lostRuns.reconcile());
  }

  /** Claims nothing more, lets runs end for drainMs, aborts the rest and gives them up. */
  async stop(drainMs: number): Promise<void> {
    await Promise.all([this.intake.stop(), this.lostRuns.stop()]);
    const limit = new AbortController();
    await Promise.race([this.active.settled(), sleep(drainMs, undefined, { signal: limit.signal })]);
    this.active.abortAll(new Error('This member stops.'));
    await Promise.race([this.active.settled(), sleep(abortMs, undefined, { signal: limit.signal })]);
    limit.abort();
    await this.handOver();
  }

  private async handOver(): Promise<void> {
    const { runs, lease, clock, log } = this.ports;
    for (const run of await runs.unfinishedOf([lease.memberId], handOverLimit)) {
      const closes = afterLoss(run).action === 'close';
      const given = closes ? await runs.closeLost(run, clock.now()) : await runs.release(run);
      if (given) log.info(closes ? 'run.lost' : 'run.released', { jobId: run.job, runId: run.id });
    }
  }

  private own(event: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.ports.log.warn(event, errorFields(error)));
  }
}
