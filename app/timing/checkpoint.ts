import type { Clock } from '../cluster/types';
import type { Log } from '../domain/log';
import { Rounds } from './rounds';

export interface CheckpointPorts {
  clock: Clock;
  ready(): Promise<boolean>;
  /** The earliest due time that has no record as far as is known here, in ms; infinite when nothing is open. */
  oldestOpen(): number;
  /** MongoDB's time, in ms, up to which every definition is known here. */
  definitionsSeenAt(): number;
  moveCheckpoint(until: Date): Promise<void>;
  log: Log;
}

const everyMs = 5000;
/** A write of a definition may commit so long after the time that it says its job is planned from. */
const lateCommitMs = 15_000;

/**
 * Tells the cluster up to where every occurrence of every job has a record, so that who starts looks for missed ones
 * from there on, without a question for each job. This host may say so because it has followed all of them itself
 * since an earlier checkpoint.
 */
export class Checkpoint {
  private readonly rounds: Rounds;
  private movedTo = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: CheckpointPorts) {
    const work = { name: 'checkpoint', nextMs: () => everyMs, round: () => this.round() };
    this.rounds = new Rounds(work, ports.log);
  }

  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  private async round(): Promise<number> {
    const { clock, ready, oldestOpen, definitionsSeenAt, moveCheckpoint } = this.ports;
    if (!(await ready())) return everyMs;
    const until = Math.min(clock.now().getTime(), definitionsSeenAt() - lateCommitMs, oldestOpen() - 1);
    if (!(until > this.movedTo) || !Number.isFinite(until)) return everyMs;
    await moveCheckpoint(new Date(until));
    this.movedTo = until;
    return everyMs;
  }
}
