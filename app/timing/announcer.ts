import type { Metrics } from '../cluster/metrics';
import type { RunHint } from '../ipc/messages';

/** Spreads batches over the workers of this host. */
export class Announcer {
  private turn = 0;

  constructor(
    private readonly workers: () => readonly number[],
    private readonly send: (pid: number, batch: RunHint[]) => void,
    private readonly metrics: Metrics,
  ) {}

  /** Splits a batch into equal shares; a single occurrence goes to the next worker in turn. */
  announce(batch: readonly RunHint[], again: boolean): void {
    const pids = this.workers();
    (again ? this.metrics.reannounced : this.metrics.fires).inc(batch.length);
    if (pids.length === 0) return;
    const share = Math.ceil(batch.length / pids.length);
    for (let from = 0; from < batch.length; from += share) {
      const pid = pids[this.turn % pids.length];
      this.turn += 1;
      if (pid !== undefined) this.send(pid, batch.slice(from, from + share));
    }
  }
}
