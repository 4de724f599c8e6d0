import type { Metrics } from '../../cluster/metrics';
import type { Outcome, Transition } from '../../domain/delivery/types';
import { errorFields, type Log } from '../../domain/log';
import type { DeliveryDoc } from '../../model/delivery';
import type { Deliveries } from '../../repository/deliveries';

interface Unwritten {
  delivery: DeliveryDoc;
  outcome: Outcome;
}

/**
 * Writes what became of deliveries. What an attempt came to is never forgotten while this process lives: where MongoDB
 * does not take it, it is written again until it is, or until another member has the delivery. There are at most as many
 * as attempts at the same time, because nothing new can be claimed meanwhile.
 */
export class Outcomes {
  private readonly unwritten = new Map<string, Unwritten>();

  constructor(
    private readonly deliveries: Deliveries,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  /** Whether the outcome of this delivery still has to be written. */
  has(id: string): boolean {
    return this.unwritten.has(id);
  }

  /** What was decided without a claim; throws where MongoDB does not take it: it will be decided again. */
  async decided(delivery: DeliveryDoc, transition: Transition): Promise<boolean> {
    if (!(await this.deliveries.changeAwaiting(delivery, transition))) return false;
    this.tell(delivery, transition);
    return true;
  }

  /** What an attempt came to. Never throws. */
  async finished(delivery: DeliveryDoc, outcome: Outcome): Promise<void> {
    try {
      const written = await this.deliveries.finish(delivery, outcome);
      this.unwritten.delete(delivery._id);
      if (!written) this.log.warn('delivery.lost', fieldsOf(delivery));
      else this.tell(delivery, outcome.transition);
    } catch (error) {
      this.unwritten.set(delivery._id, { delivery, outcome });
      this.log.warn('delivery.unwritten', { ...fieldsOf(delivery), ...errorFields(error) });
    }
  }

  /** Writes again what MongoDB did not take; ends with the first that it still does not take. */
  async retry(): Promise<void> {
    for (const { delivery, outcome } of [...this.unwritten.values()]) {
      await this.finished(delivery, outcome);
      if (this.unwritten.has(delivery._id)) return;
    }
  }

  /** A delivery of a lost member; true where this call took it. */
  async takenOver(delivery: DeliveryDoc, transition: Transition): Promise<boolean> {
    if (!(await this.deliveries.takeOver(delivery, transition))) return false;
    this.metrics.takenOver.inc();
    this.log.warn('delivery.takenOver', { ...fieldsOf(delivery), from: delivery.member, to: transition.to });
    return true;
  }

  private tell(delivery: DeliveryDoc, transition: Transition): void {
    this.metrics.deliveries.inc({ state: transition.to });
    const fields = { ...fieldsOf(delivery), ...detailsOf(transition) };
    const calm = ['sent', 'muted', 'folded'].includes(transition.to);
    if (calm) this.log.info(`delivery.${transition.to}`, fields);
    else this.log.warn(`delivery.${transition.to}`, fields);
  }
}

function fieldsOf({ _id, job, channel, kind, attempts, fence }: DeliveryDoc) {
  return { id: _id, job, channel, kind, attempts, fence };
}

function detailsOf(transition: Transition) {
  if (transition.to === 'muted') return { mutedBy: transition.mutedBy };
  if (transition.to === 'folded') return { supersededBy: transition.supersededBy };
  if (!('error' in transition) || transition.error === null) return {};
  return { code: transition.error.code, error: transition.error.message };
}
