import type { AnyChannel, Budget, Part } from '../../channel/types';
import { afterError, brokenRecheckMs, type ChannelTraits, waitOrGiveUp } from '../../domain/delivery/retry';
import type { Transition } from '../../domain/delivery/types';
import { ChannelError } from '../../domain/errors';
import type { DeliveryDoc } from '../../model/delivery';
import type { ChannelHealth } from '../../repository/channelHealth';
import type { LoadedChannel, Surroundings } from './types';

/** A channel ready to take one delivery. */
export interface PreparedChannel {
  kind: AnyChannel;
  revision: number;
  settings: unknown;
  traits: ChannelTraits;
  budget: Budget | null;
  parts: Part[];
}

/** Where nothing is known of a channel, a message that may have arrived is not sent again. */
const unknownTraits: ChannelTraits = { idempotent: false, onUncertain: 'leave' };

/** Reads the channel of a delivery and what it would send; the decision where it cannot be sent now. */
export class Preparation {
  constructor(
    private readonly surroundings: Surroundings,
    private readonly health: ChannelHealth,
  ) {}

  async channelOf(delivery: DeliveryDoc): Promise<PreparedChannel | Transition> {
    const loaded = await this.surroundings.loadChannel(delivery.channel);
    if (loaded === null) return failed('channelDeleted', `The channel "${delivery.channel}" does not exist any more.`);
    const kind = this.surroundings.channels.get(loaded.kind);
    if (kind === undefined) return failed('unknownKind', `No channel kind "${loaded.kind}" is built into this server.`);
    if (loaded.broken !== null) return this.waitForMending(delivery, loaded.broken);
    try {
      return this.prepared(kind, loaded, delivery);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      if (error.options.broken) await this.health.broken(delivery.channel, loaded.revision, error);
      return afterError({ ...delivery, id: delivery._id }, error, unknownTraits, this.surroundings.clock.now());
    }
  }

  /** What a send of unknown outcome means on this channel. */
  async traitsOf(name: string): Promise<ChannelTraits> {
    const loaded = await this.surroundings.loadChannel(name);
    const kind = loaded === null ? undefined : this.surroundings.channels.get(loaded.kind);
    if (loaded === null || kind === undefined) return unknownTraits;
    try {
      return { idempotent: kind.idempotent, onUncertain: kind.onUncertain(loaded.settings) };
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      return unknownTraits;
    }
  }

  private prepared(kind: AnyChannel, { settings, revision }: LoadedChannel, delivery: DeliveryDoc): PreparedChannel {
    const context = {
      possibleDuplicate: delivery.possibleDuplicate,
      link: this.surroundings.linkOf(delivery.alertId),
    };
    const traits = { idempotent: kind.idempotent, onUncertain: kind.onUncertain(settings) };
    const parts = kind.parts(settings, delivery.message, context);
    return { kind, revision, settings, traits, budget: kind.budget(settings), parts };
  }

  private waitForMending(delivery: DeliveryDoc, { code, message }: { code: string; message: string }): Transition {
    const error = { code, message: `The channel is broken: ${message}` };
    return waitOrGiveUp(delivery, error, brokenRecheckMs, this.surroundings.clock.now());
  }
}

function failed(code: string, message: string): Transition {
  return { to: 'failed', error: { code, message } };
}
