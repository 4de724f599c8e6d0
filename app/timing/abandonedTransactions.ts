import { errorFields, type Log } from '../domain/log';
import type { Transactions } from '../repository/transactions';

export interface AbandonedOptions {
  /** Limit of a transaction on every host, in ms. */
  operationMs: number;
  sweepMs: number;
}

/** Beyond its limit a transaction has been given up by whoever began it. */
const marginMs = 1000;

/** Ends what killed processes left open, so that what they held is free within seconds. Every host looks for itself. */
export class AbandonedTransactions {
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private failing = false;
  private stopped = false;

  constructor(
    private readonly transactions: Transactions,
    private readonly options: AbandonedOptions,
    private readonly log: Log,
  ) {}

  start(): void {
    this.work = this.look().then(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.start(), this.options.sweepMs);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  private async look(): Promise<void> {
    try {
      const ended = await this.transactions.endAbandoned(this.options.operationMs + marginMs);
      if (ended > 0) this.log.warn('transactions.ended', { count: ended });
      this.failing = false;
    } catch (error) {
      // Said once: it comes back each second while MongoDB is away, or for ever where it allows no look.
      if (!this.failing) this.log.warn('transactions.notSeen', errorFields(error));
      this.failing = true;
    }
  }
}
