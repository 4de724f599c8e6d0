import type { z } from 'zod';
import type { AlertMessage } from '../domain/message/types';
import type { OutboundPolicy } from '../net/types';

/** One remote message; a delivery may need several (markdown, then a text with mentions). */
export interface Part {
  /** What the channel's own send takes: a body ready to be sent. */
  body: unknown;
  /** What a person reads of it. */
  text: string;
}

/** How many remote messages a remote takes. */
export interface Budget {
  /** Identifies the robot, not the channel's name: two channels with one robot share it. Never the secret itself: a hash of it. */
  key: string;
  limit: number;
  windowMs: number;
}

export interface SendContext {
  /** Equal for all attempts of this delivery: the delivery's id. */
  idempotencyKey: string;
  fence: number;
  /** Aborted at the member's own deadline. */
  signal: AbortSignal;
  /** Wall limit of the whole request in ms. */
  timeoutMs: number;
  now: Date;
  outbound: OutboundPolicy;
  /** Called when the connection stands and nothing has been sent: what must hold directly before the hand-over (the lease). What it throws comes out as it is. */
  beforeSend?: () => void;
}

export interface MessageContext {
  /** An earlier send of the same message may have arrived: say so in the text. */
  possibleDuplicate: boolean;
  /** Absolute address of the alert in the API or console, for "full text"; null where none is set. */
  link: string | null;
}

/** A kind of channel. One file in this folder and one line in index.ts add one. */
export interface Channel<Settings> {
  readonly kind: string;
  /** Settings without `kind`; strict, with defaults. Secrets: fields password, key, secret, token; `key`, `token`, `access_token` in `url`. */
  readonly settings: z.ZodType<Settings>;
  /** The remote knows an idempotency key: a send of unknown outcome is simply repeated instead of being `uncertain`. */
  readonly idempotent: boolean;
  /** What to do with a send of unknown outcome where the remote knows no idempotency key. */
  onUncertain(settings: Settings): 'retry' | 'leave';
  budget(settings: Settings): Budget | null;
  /** Pure: the remote messages of one delivery in order, each within the remote's limits. */
  parts(settings: Settings, message: AlertMessage, context: MessageContext): Part[];
  /** Hands one part to the remote; resolves with what the remote said; throws ChannelError. */
  send(settings: Settings, part: Part, context: SendContext): Promise<{ answer: string }>;
}

/** A channel whose settings are not typed: what the registry holds. Settings that are not valid throw ChannelError `settings` (broken). */
export interface AnyChannel extends Omit<Channel<unknown>, 'settings'> {
  readonly settings: z.ZodType;
}
