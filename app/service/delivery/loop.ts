import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../../cluster/types';
import { spread } from '../../domain/delivery/spread';
import type { DeliveryDoc } from '../../model/delivery';
import type { Deliveries } from '../../repository/deliveries';
import type { CalmLog } from './calmLog';
import type { MuteEnd } from './muteEnd';
import type { Outcomes } from './outcomes';
import type { Relay } from './relay';
import type { Sender } from './sender';
import type { TakeOver } from './takeOver';

export interface LoopParts {
  lease: Lease;
  deliveries: Deliveries;
  relay: Relay;
  muteEnd: MuteEnd;
  takeOver: TakeOver;
  outcomes: Outcomes;
  sender: Sender;
  log: CalmLog;
}

export interface LoopOptions {
  /** Ms from one sweep to the next where nothing wakes it. */
  sweepMs: number;
  /** Attempts at the same time in this process. */
  concurrency: number;
}

/** Messages and the end of a mute wait no longer than this, whatever the pace of the other sweeps. */
const longestSweepMs = 1000;
const duePerTurn = 200;
/** Sweeps that are asked for at once are made this far apart. */
const breathMs = 50;
/** While MongoDB is away. */
const awayMs = 2000;
/** What is aborted at the end of a drain gets this long to write what became of it. */
const abortedMs = 1000;

/** The worker's loop over deliveries: one sweep at a time, attempts beside it. Nothing that fails in it ends it. */
export class DeliveryLoop {
  private running: Promise<void> | null = null;
  private readonly stopping = new AbortController();
  private readonly aborting = new AbortController();
  private readonly attempts = new Set<Promise<void>>();
  private due: DeliveryDoc[] = [];
  private woken = false;
  private endPause: () => void = () => {};

  constructor(
    private readonly parts: LoopParts,
    private readonly options: LoopOptions,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** There may be something to do now: an outbox was written, a mute has ended, a channel was mended. */
  wake(): void {
    this.woken = true;
    this.endPause();
  }

  /** Claims nothing more, waits drainMs for what is being sent, then aborts it. Ends within drainMs + 1 s. */
  async stop(drainMs: number): Promise<void> {
    this.stopping.abort();
    this.due = [];
    this.endPause();
    const ended = Promise.all([...this.attempts, this.running]);
    const inTime = new AbortController();
    const drained = ended.finally(() => inTime.abort());
    await Promise.race([drained, pause(drainMs, inTime.signal)]);
    this.aborting.abort();
    await Promise.race([drained, pause(abortedMs, inTime.signal)]);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.woken = false;
      const good = await this.sweep();
      await pause(good ? breathMs : awayMs, this.stopping.signal);
      if (good && !this.woken) await this.pauseUntilWoken();
    }
  }

  private async pauseUntilWoken(): Promise<void> {
    const ending = new AbortController();
    this.endPause = () => ending.abort();
    if (this.stopping.signal.aborted) ending.abort();
    await pause(Math.min(this.options.sweepMs, longestSweepMs) - breathMs, ending.signal);
    this.endPause = () => {};
  }

  /** Each step alone: one that fails does not keep the others from being made. */
  private async sweep(): Promise<boolean> {
    const { lease, outcomes, relay, muteEnd, takeOver } = this.parts;
    // What was sent is written down even by a member that may send nothing more.
    await outcomes.retry();
    if (!lease.valid || lease.draining) return true;
    const steps: [string, () => Promise<unknown>][] = [
      ['delivery.relay', async () => (await relay.run()) && this.wake()],
      ['delivery.muteEnd', () => muteEnd.run()],
      ['delivery.takeOver', () => takeOver.run()],
      ['delivery.due', () => this.refill()],
    ];
    let good = true;
    for (const [event, step] of steps) good = (await this.tried(event, step)) && good;
    return good;
  }

  private async tried(event: string, step: () => Promise<unknown>): Promise<boolean> {
    if (this.stopping.signal.aborted) return true;
    try {
      await step();
      return true;
    } catch (error) {
      this.parts.log.error(event, error);
      return false;
    }
  }

  /** Every member begins elsewhere in what is due, so that they seldom try the same delivery. */
  private async refill(): Promise<void> {
    const found = await this.parts.deliveries.due(duePerTurn);
    const { memberId } = this.parts.lease;
    const keyed = found.map(delivery => ({ delivery, key: spread(`${memberId} ${delivery._id}`) }));
    this.due = keyed.sort((a, b) => a.key - b.key).map(({ delivery }) => delivery);
    this.dispatch();
  }

  private dispatch(): void {
    const { lease } = this.parts;
    while (this.attempts.size < this.options.concurrency && !this.stopping.signal.aborted && !lease.draining) {
      const next = this.due.shift();
      if (next === undefined) return;
      if (this.parts.sender.knows(next._id)) continue;
      const attempt = this.attempt(next).finally(() => this.attempts.delete(attempt));
      this.attempts.add(attempt);
    }
  }

  /** Never rejects. The next delivery takes the free place; where none is left, a sweep looks for more. */
  private async attempt(delivery: DeliveryDoc): Promise<void> {
    const good = await this.tried('delivery.attempt', async () => {
      if (!(await this.parts.sender.attempt(delivery, this.aborting.signal))) return;
      if (this.due.length === 0) this.wake();
    });
    if (!good) await pause(awayMs, this.stopping.signal);
    setImmediate(() => this.dispatch());
  }
}

/** Waits for the span or until the signal is aborted. */
async function pause(spanMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(spanMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
