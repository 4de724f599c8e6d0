import type { MessageKind } from '../message/types';

export interface DeliveryError {
  code: string;
  message: string;
}

/** What an attempt, or the decision not to make one, does to a delivery. */
export type Transition =
  | { to: 'sent' }
  | { to: 'muted'; mutedBy: string[] }
  | { to: 'folded'; supersededBy: string | null }
  | { to: 'failed'; error: DeliveryError }
  /** Tried again after this span. Not counted: nothing reached the remote, or the remote asked to wait. */
  | { to: 'pending'; afterMs: number; counted: boolean; error: DeliveryError | null }
  /** Its outcome is unknown: retried once after this span, marked "possible duplicate", or left for good (null). */
  | { to: 'uncertain'; retryAfterMs: number | null; error: DeliveryError };

/** What an attempt came to; `partsSent` counts the remote messages that were handed over in all. */
export interface Outcome {
  transition: Transition;
  partsSent: number;
}

/** What else there is for the same alert on the same channel. */
export interface Neighbours {
  /** The delivery with the highest seq above this one; null where this one is the newest. */
  newestId: string | null;
  /** Kind of the newest one below that was told, or may have been; null where the history holds none. */
  lastTold: MessageKind | null;
  /** False where the trouble began before the oldest delivery that is kept: it may have been told then. */
  historyComplete: boolean;
}
