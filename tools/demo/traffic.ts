import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../errors';
import type { AccessLog } from './accessLog';

const tickMs = 500;
const goodPaths = ['/', '/shop', '/shop/42', '/api/cart', '/login'];

/** A web server's requests: always some that are fine, and as many 404s as is said. */
export class Traffic {
  /** 404s a second. */
  notFoundPerS = 0;
  /** Why the last rows could not be written; null where they could. */
  trouble: string | null = null;
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private owed = 0;

  constructor(private readonly log: AccessLog) {}

  start(): void {
    this.running = this.run();
  }

  /** Writes this many 404s at once. */
  async burst(count: number): Promise<void> {
    await this.log.add(Array.from({ length: count }, (_, index) => ({ status: 404, path: `/sale/${index}` })));
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      this.owed += (this.notFoundPerS * tickMs) / 1000;
      const count = Math.floor(this.owed);
      this.owed -= count;
      try {
        await this.log.add(goodPaths.map(path => ({ status: 200, path })));
        if (count > 0) await this.burst(count);
        this.trouble = null;
      } catch (error) {
        this.trouble = reasonOf(error);
      }
      await sleep(tickMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }
}
