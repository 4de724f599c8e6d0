import { atMost } from '../../cluster/boot';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import { errorFields, type Log } from '../../domain/log';
import type { Labels } from '../../domain/message/types';
import type { AnyExecutor } from '../../executor/types';
import type { RunHint } from '../../ipc/messages';
import type { Alerts } from '../../repository/alerts';
import type { Database } from '../../repository/database';
import type { Members } from '../../repository/members';
import type { Runs } from '../../repository/runs';
import { ActiveRuns } from './activeRuns';
import { HandOver } from './handOver';
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
  /** Labels of this host. */
  hostLabels: Labels;
  leaseMs: number;
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

/** The path of an occurrence in a worker: claimed, started, executed, concluded; and taken over when others fail. */
export class RunService {
  /** What people ask of runs. */
  readonly control: RunControl;
  private readonly active = new ActiveRuns();
  private readonly parts: RunParts;
  private readonly handOver: HandOver;
  private handingOver: Promise<void> | null = null;

  constructor(private readonly ports: RunServicePorts) {
    this.parts = new RunParts(ports, this.active);
    this.control = this.parts.control;
    const { owners, cancelWrites: cancels } = this.parts;
    this.handOver = new HandOver({ ...ports, active: this.active, owners, cancels });
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

  /** Asked again and again while this host is drained: from `runsUntil` on what still runs is aborted and handed over. */
  drained(runsUntil: Date): void {
    const { clock } = this.ports;
    if (this.handingOver !== null || this.active.size === 0 || clock.now() < runsUntil) return;
    this.handingOver = this.handOver.run(new Error('This host is drained.')).finally(() => {
      this.handingOver = null;
    });
    this.own('run.handOverFailed', this.handingOver);
  }

  /** Claims nothing more, lets runs end for drainMs, aborts the rest and hands each over as its work ends. */
  async stop(drainMs: number): Promise<void> {
    const { intake, lostRuns, cancels, promoter } = this.parts;
    const quiet = Promise.all([intake.stop(), lostRuns.stop(), cancels.stop(), promoter.stop()]);
    // What is being claimed may start runs for as long as it takes: only then is `settled` about all of them.
    const idle = quiet.then(() => this.handOver.idle());
    this.own('run.handOverFailed', idle);
    await atMost(
      quiet.then(() => this.active.settled()),
      drainMs,
    );
    await this.handOver.run(new Error('This member stops.'));
  }

  private own(event: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.ports.log.warn(event, errorFields(error)));
  }
}
