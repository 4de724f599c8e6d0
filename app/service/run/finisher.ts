import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../cluster/types';
import type { RunEnding, RunEndings } from '../../repository/runEndings';
import type { ActiveRuns } from './activeRuns';

interface Waiting {
  ending: RunEnding;
  /** By the monotonic clock: so long it gives way to claims. */
  until: number;
  resolve(ended: boolean): void;
  reject(error: unknown): void;
}

export interface FinisherPorts {
  endings: Pick<RunEndings, 'end'>;
  active: Pick<ActiveRuns, 'ending'>;
  clock: Clock;
  /** Whether occurrences are being claimed here now. */
  isClaiming(): boolean;
}

/** Ended by one command. */
const batchSize = 1000;
/** A burst is late by its starts, and nobody waits for its ends: these give way to claims for so long at most. */
const giveWayMs = 2000;
const lookMs = 10;

/**
 * Ends runs that touch no alert: what ends while a write is under way goes with the next one, so that a burst of short
 * runs costs a few writes. What waits is bound by ActiveRuns.
 */
export class Finisher {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(private readonly ports: FinisherPorts) {}

  /**
   * Until `mayWaitUntil` nobody misses it. False when the run is another member's by now; throws MongoDB's error where the
   * outcome is unknown.
   */
  end(ending: RunEnding, mayWaitUntil: Date): Promise<boolean> {
    const { active, clock } = this.ports;
    const until = performance.now() + Math.min(mayWaitUntil.getTime() - clock.now().getTime(), giveWayMs);
    active.ending += 1;
    return new Promise((resolve, reject) => {
      this.waiting.push({ ending, until, resolve, reject });
      this.arm();
    });
  }

  /** In a later turn of the loop: runs that end in this one go together. */
  private arm(): void {
    if (this.writing || this.waiting.length === 0) return;
    this.writing = true;
    void this.gather()
      .then(batch => this.write(batch))
      .finally(() => {
        this.writing = false;
        this.arm();
      });
  }

  /** All that wait, as soon as nothing is being claimed; meanwhile only those that have given way for long enough. */
  private async gather(): Promise<Waiting[]> {
    await setImmediate();
    for (;;) {
      const now = performance.now();
      const ready = this.ports.isClaiming() ? this.waiting.filter(({ until }) => until <= now) : this.waiting;
      if (ready.length > 0) return this.take(ready.slice(0, batchSize));
      await sleep(lookMs);
    }
  }

  private take(batch: Waiting[]): Waiting[] {
    const taken = new Set(batch);
    this.waiting = this.waiting.filter(one => !taken.has(one));
    return batch;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const { endings, clock, active } = this.ports;
    try {
      const written = batch.map(({ ending }) => ending);
      const ended = await endings.end(written, clock.now());
      for (const { ending, resolve } of batch) resolve(ended.has(ending.id));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      active.ending -= batch.length;
    }
  }
}
