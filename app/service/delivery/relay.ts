import type { Clock, Lease } from '../../cluster/types';
import type { Deliveries } from '../../repository/deliveries';
import type { OutboxStore } from './types';

const alertsPerTurn = 200;
/** What was read longer ago is read again: who deletes a job waits until nothing of it can come any more. */
const freshMs = 5000;

/** Makes deliveries of what alerts have decided to say. Runs on every worker; a delivery that exists is done. */
export class Relay {
  constructor(
    private readonly outbox: OutboxStore,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly lease: Pick<Lease, 'valid'>,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /** Answers whether more alerts may be waiting. Leaves what it has read too long ago, and all when the lease is lost. */
  async run(): Promise<boolean> {
    const readAt = this.monotonic();
    const owners = await this.outbox.withOutbox(alertsPerTurn);
    for (const owner of owners) {
      if (!this.lease.valid || this.monotonic() - readAt > freshMs) return true;
      await this.deliveries.insert(owner, this.clock.now());
      await this.outbox.pullOutbox(
        owner.alertId,
        owner.outbox.map(entry => entry.seq),
      );
    }
    return owners.length === alertsPerTurn;
  }
}
