import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../cluster/types';
import type { RunEnding, RunEndings } from '../../repository/runEndings';

interface Waiting {
  ending: RunEnding;
  resolve(ended: boolean): void;
  reject(error: unknown): void;
}

export interface FinisherPorts {
  endings: Pick<RunEndings, 'end'>;
  clock: Clock;
  /** Whether occurrences are being claimed here now. */
  isClaiming(): boolean;
}

/** Ended by one command. */
const batchSize = 1000;
/** Ends give way to claims for so long at most: a burst is late by its starts, and nobody waits for its ends. */
const giveWayMs = 500;
const lookMs = 10;

/**
 * Ends runs that touch no alert: what ends while a write is under way goes with the next one, so that a burst of short
 * runs costs a few writes. What waits is bound by the runs in progress.
 */
export class Finisher {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(private readonly ports: FinisherPorts) {}

  /** False when the run is another member's by now; throws MongoDB's error where the outcome is unknown. */
  end(ending: RunEnding): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ending, resolve, reject });
      this.arm();
    });
  }

  /** In a later turn of the loop: runs that end in this one go together. */
  private arm(): void {
    if (this.writing || this.waiting.length === 0) return;
    this.writing = true;
    void this.gather()
      .then(() => this.write(this.waiting.splice(0, batchSize)))
      .finally(() => {
        this.writing = false;
        this.arm();
      });
  }

  private async gather(): Promise<void> {
    await setImmediate();
    const end = performance.now() + giveWayMs;
    while (this.ports.isClaiming() && performance.now() < end) await sleep(lookMs);
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const { endings, clock } = this.ports;
    try {
      const written = batch.map(({ ending }) => ending);
      const ended = await endings.end(written, clock.now());
      for (const { ending, resolve } of batch) resolve(ended.has(ending.id));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
