import { decideFold } from '../../domain/delivery/fold';
import { waitOrGiveUp } from '../../domain/delivery/retry';
import type { Transition } from '../../domain/delivery/types';
import type { ChannelError } from '../../domain/errors';
import { errorFields, type Log } from '../../domain/log';
import type { DeliveryDoc } from '../../model/delivery';
import type { Budgets } from '../../repository/budgets';
import type { ChannelHealth } from '../../repository/channelHealth';
import type { Database } from '../../repository/database';
import type { Deliveries } from '../../repository/deliveries';
import { HandOver, type HandOverResult } from './handOver';
import type { MuteGate } from './muteGate';
import type { Outcomes } from './outcomes';
import type { Preparation, PreparedChannel } from './prepare';
import type { Surroundings } from './types';

export interface SenderParts {
  database: Database;
  deliveries: Deliveries;
  budgets: Budgets;
  health: ChannelHealth;
  gate: MuteGate;
  outcomes: Outcomes;
  preparation: Preparation;
  surroundings: Surroundings;
  log: Log;
}

/** Places of a robot's budget that one attempt holds. */
interface Places {
  key: string;
  ids: string[];
}

interface Claimed {
  delivery: DeliveryDoc;
  /** Decided by its neighbours or the mutes: it is not sent. */
  verdict: Transition | null;
  /** Monotonic time from which the look at the mutes counts. */
  judgedAt: number;
}

/** Makes attempts at deliveries, in the order of design.md §6. Nothing waits while a delivery is claimed. */
export class Sender {
  private readonly attempting = new Set<string>();
  private readonly handOver: HandOver;

  constructor(private readonly parts: SenderParts) {
    this.handOver = new HandOver(parts.deliveries, parts.surroundings);
  }

  /** Whether this process is busy with it: what is claimed in its name and unknown here was never handed over. */
  knows(id: string): boolean {
    return this.attempting.has(id) || this.parts.outcomes.has(id);
  }

  /**
   * One attempt at a delivery that is due. Answers whether anything changed by it. Throws where MongoDB does not answer
   * before the claim; what a claimed one came to is written by Outcomes.
   */
  async attempt(delivery: DeliveryDoc, stop: AbortSignal): Promise<boolean> {
    if (this.knows(delivery._id) || !this.parts.surroundings.lease.valid) return false;
    this.attempting.add(delivery._id);
    try {
      return await this.unclaimed(delivery, stop);
    } finally {
      this.attempting.delete(delivery._id);
    }
  }

  private async unclaimed(delivery: DeliveryDoc, stop: AbortSignal): Promise<boolean> {
    const { preparation, outcomes, gate } = this.parts;
    const fold = await this.foldOf(delivery);
    // That its trouble was never told binds only once it is claimed: until then an older one may be on its way.
    const untold = fold?.to === 'folded' && fold.supersededBy === null;
    if (fold !== null && !untold) return await outcomes.decided(delivery, fold);
    const channel = await preparation.channelOf(delivery);
    if ('to' in channel) return await outcomes.decided(delivery, channel);
    // Not binding either: it saves the budget for what will be sent.
    const unlikely = untold || (await gate.holding(delivery.labels)).length > 0;
    const places = unlikely ? null : await this.takePlaces(delivery, channel);
    if (places !== null && 'to' in places) return await outcomes.decided(delivery, places);
    return await this.claim(delivery, channel, unlikely, places, stop);
  }

  private async foldOf(
    delivery: DeliveryDoc,
    session?: Parameters<MuteGate['holding']>[1],
  ): Promise<Transition | null> {
    const maybeTold = delivery.possibleDuplicate || delivery.partsSent > 0;
    const neighbours = await this.parts.deliveries.neighbours(delivery, session);
    return decideFold({ kind: delivery.kind, maybeTold }, neighbours);
  }

  /** null: the channel has no budget. The places are named by the claim that is about to be made. */
  private async takePlaces(
    delivery: DeliveryDoc,
    { budget, parts }: PreparedChannel,
  ): Promise<Places | Transition | null> {
    if (budget === null) return null;
    const ids = parts.slice(delivery.partsSent).map((_, index) => `${delivery._id}#${delivery.fence + 1}/${index}`);
    const taken = await this.parts.budgets.take(budget, ids);
    if (taken.granted) return { key: budget.key, ids };
    const error = {
      code: 'budget',
      message: `The remote takes ${budget.limit} messages in ${budget.windowMs} ms; it waits.`,
    };
    return waitOrGiveUp(delivery, error, taken.retryAfterMs, this.parts.surroundings.clock.now());
  }

  private async claim(
    delivery: DeliveryDoc,
    channel: PreparedChannel,
    unlikely: boolean,
    places: Places | null,
    stop: AbortSignal,
  ): Promise<boolean> {
    const { lease } = this.parts.surroundings;
    if (!lease.valid || lease.draining || stop.aborted) return false;
    // A claim that is lost or finds the slot busy leaves its places: whoever makes the next claim of this fence uses them.
    const claimed = await this.claimAndJudge(delivery, lease.memberId);
    if (claimed === null) return false;
    const verdict = claimed.verdict ?? (unlikely ? startOver : null);
    if (verdict === null) await this.handOverAndFinish(claimed, channel, places, stop);
    else await this.finishUnsent(claimed.delivery, verdict, places);
    return true;
  }

  /** The claim, and in its session what binds: a causally consistent majority read sees each mute acknowledged before the claim. */
  private async claimAndJudge(delivery: DeliveryDoc, member: string): Promise<Claimed | null> {
    return await this.parts.database.causally(async session => {
      const claimed = await this.parts.deliveries.claim(delivery, member, session);
      if (typeof claimed === 'string') return null;
      try {
        const fold = await this.foldOf(claimed, session);
        const judgedAt = this.parts.surroundings.monotonic();
        const mutedBy = fold === null ? await this.parts.gate.holding(claimed.labels, session) : [];
        const verdict = mutedBy.length > 0 ? ({ to: 'muted', mutedBy } as const) : fold;
        return { delivery: claimed, verdict, judgedAt };
      } catch (error) {
        this.parts.log.warn('delivery.notJudged', { id: claimed._id, ...errorFields(error) });
        return { delivery: claimed, verdict: startOver, judgedAt: 0 };
      }
    });
  }

  private async finishUnsent(delivery: DeliveryDoc, verdict: Transition, places: Places | null): Promise<void> {
    const { deliveries, outcomes } = this.parts;
    await outcomes.finished(delivery, { transition: verdict, partsSent: delivery.partsSent });
    if (places !== null) await this.quietly('giveBack', () => this.parts.budgets.giveBack(places.key, places.ids));
    if (verdict.to === 'muted') await this.quietly('heldInstead', () => deliveries.heldInstead(delivery));
  }

  private async handOverAndFinish(
    { delivery, judgedAt }: Claimed,
    channel: PreparedChannel,
    places: Places | null,
    stop: AbortSignal,
  ): Promise<void> {
    const result = await this.handOver.run(delivery, channel, judgedAt, stop);
    if (result.refused !== null) await this.blame(delivery, channel, result.refused);
    await this.parts.outcomes.finished(delivery, result);
    await this.quietly('places', () => this.settle(places, result));
    if (result.transition.to === 'sent') await this.quietly('works', () => this.works(delivery.channel));
  }

  /** What an error says about more than this delivery, told before the next one is tried. */
  private async blame(delivery: DeliveryDoc, { budget, revision }: PreparedChannel, refused: ChannelError) {
    const { holdMs, broken } = refused.options;
    if (budget !== null && holdMs !== undefined) {
      await this.quietly('hold', () => this.parts.budgets.hold(budget.key, holdMs));
    }
    if (!broken) return;
    await this.quietly('broken', async () => {
      if (!(await this.parts.health.broken(delivery.channel, revision, refused))) return;
      this.parts.log.warn('channel.broken', { channel: delivery.channel, code: refused.code, error: refused.message });
    });
  }

  private async settle(places: Places | null, { tried }: HandOverResult): Promise<void> {
    if (places === null) return;
    if (tried) await this.parts.budgets.used(places.key, places.ids);
    else await this.parts.budgets.giveBack(places.key, places.ids);
  }

  private async works(channel: string): Promise<void> {
    if (await this.parts.health.works(channel)) this.parts.log.info('channel.works', { channel });
  }

  /** What follows from an attempt beside its outcome: where it is lost, a later attempt finds it again. */
  private async quietly(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.parts.log.warn('delivery.notTidied', { what, ...errorFields(error) });
    }
  }
}

/** Claimed without a budget place, or nothing binding could be read: pending again, as if it had not been claimed. */
const startOver: Transition = { to: 'pending', afterMs: 0, counted: false, error: null };
