import type { Clock } from '../../cluster/types';
import type { Deliveries } from '../../repository/deliveries';
import type { OutboxStore } from './types';

const alertsPerTurn = 200;

/** Makes deliveries of what alerts have decided to say. Runs on every worker; a delivery that exists is done. */
export class Relay {
  constructor(
    private readonly outbox: OutboxStore,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  /** Answers whether more alerts may be waiting. */
  async run(): Promise<boolean> {
    const owners = await this.outbox.withOutbox(alertsPerTurn);
    for (const owner of owners) {
      await this.deliveries.insert(owner, this.clock.now());
      await this.outbox.pullOutbox(
        owner.alertId,
        owner.outbox.map(entry => entry.seq),
      );
    }
    return owners.length === alertsPerTurn;
  }
}
