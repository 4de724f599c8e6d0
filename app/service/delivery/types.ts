import type { AnyChannel } from '../../channel/types';
import type { Clock, Lease } from '../../cluster/types';
import type { DeliveryError } from '../../domain/delivery/types';
import type { OutboundPolicy } from '../../net/types';
import type { OutboxOwner } from '../../repository/deliveries';

/** A channel as it is stored now, its secrets opened. */
export interface LoadedChannel {
  kind: string;
  /** Which definition this is: a fault of an old one must not mark a new one. */
  revision: number;
  /** Without `kind`. */
  settings: unknown;
  broken: (DeliveryError & { since: Date }) | null;
}

/** Reads a channel from MongoDB at each call; null where there is none of this name. */
type LoadChannel = (name: string) => Promise<LoadedChannel | null>;

/** Where the messages stand that are decided but not yet deliveries. */
export interface OutboxStore {
  withOutbox(limit: number): Promise<OutboxOwner[]>;
  /** Takes entries out after their deliveries exist. */
  pullOutbox(alertId: string, seqs: readonly number[]): Promise<void>;
}

/** What every attempt needs of its process. */
export interface Surroundings {
  lease: Lease;
  clock: Clock;
  /** Ms that never jump; measures how long something took. */
  monotonic: () => number;
  outbound: OutboundPolicy;
  channels: ReadonlyMap<string, AnyChannel>;
  loadChannel: LoadChannel;
  /** Address of an alert for people; null where none is set. */
  linkOf: (alertId: string) => string | null;
}
