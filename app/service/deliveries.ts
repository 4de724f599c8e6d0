import type { DeliveryDoc } from '../model/delivery';
import type { Deliveries, DeliveryFilter } from '../repository/deliveries';

/** Reads deliveries for the API, from new to old. */
export class DeliveryReader {
  constructor(private readonly deliveries: Deliveries) {}

  async list(filter: DeliveryFilter): Promise<{ items: Record<string, unknown>[]; nextCursor: string | null }> {
    const { items, nextCursor } = await this.deliveries.list(filter);
    return { items: items.map(deliveryView), nextCursor };
  }
}

function deliveryView(delivery: DeliveryDoc): Record<string, unknown> {
  const { _id: id, alertId, job, seq, kind, channel, state, attempts, error, mutedBy } = delivery;
  const { supersededBy, createdAt, claimedAt, sentAt } = delivery;
  const times = { createdAt, claimedAt, sentAt };
  return { id, alertId, job, seq, kind, channel, state, attempts, error, mutedBy, supersededBy, ...times };
}
