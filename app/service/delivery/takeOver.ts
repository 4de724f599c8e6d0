import type { Lease } from '../../cluster/types';
import { afterLostMember } from '../../domain/delivery/retry';
import type { Transition } from '../../domain/delivery/types';
import type { DeliveryDoc } from '../../model/delivery';
import type { Deliveries } from '../../repository/deliveries';
import type { Outcomes } from './outcomes';
import type { Preparation } from './prepare';

const sendingPerTurn = 500;

export interface TakeOverParts {
  deliveries: Deliveries;
  outcomes: Outcomes;
  preparation: Preparation;
  lease: Lease;
  /** Which of these members are live, from the primary. */
  liveOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Whether this process is busy with a delivery. */
  knows: (id: string) => boolean;
}

/** Finds deliveries that nobody sends although they say so, and takes them with a higher fence. */
export class TakeOver {
  constructor(private readonly parts: TakeOverParts) {}

  /** Answers how many were taken. */
  async run(): Promise<number> {
    const { deliveries, liveOf, outcomes } = this.parts;
    const sending = await deliveries.sending(sendingPerTurn);
    if (sending.length === 0) return 0;
    // Members after what they hold: one that is not live now was not live, or not yet there, when it was read.
    const live = await liveOf([...new Set(sending.flatMap(({ member }) => member ?? []))]);
    let taken = 0;
    for (const delivery of sending) {
      const transition = await this.judge(delivery, live);
      if (transition !== null && (await outcomes.takenOver(delivery, transition))) taken += 1;
    }
    return taken;
  }

  private async judge(delivery: DeliveryDoc, live: ReadonlySet<string>): Promise<Transition | null> {
    const { lease, knows, preparation } = this.parts;
    if (knows(delivery._id)) return null;
    const member = delivery.member ?? 'nobody';
    if (member === lease.memberId) return unknownHere;
    if (live.has(member)) return null;
    return afterLostMember({ ...delivery, id: delivery._id }, member, await preparation.traitsOf(delivery.channel));
  }
}

/** A claim of this very process whose answer did not come: what it does not know it has never handed over. */
const unknownHere: Transition = {
  to: 'pending',
  afterMs: 0,
  counted: false,
  error: { code: 'claimUnknown', message: 'The answer to a claim did not come; nothing was sent.' },
};
