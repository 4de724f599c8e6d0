import type { MessageKind } from '../message/types';
import type { Neighbours, Transition } from './types';

interface Candidate {
  kind: MessageKind;
  /** A part of it was handed over, or an earlier hand-over had an unknown outcome. */
  maybeTold: boolean;
}

/**
 * Whether a delivery is still worth sending beside its neighbours; null means send it.
 * Whatever is newer says what is true now, so everything older gives way to it, whatever became of the newer one:
 * an older message sent after it would be out of order. A "resolved" of which nobody heard the trouble is noise.
 */
export function decideFold(delivery: Candidate, neighbours: Neighbours): Transition | null {
  if (neighbours.newestId !== null) return giveWay(delivery, neighbours.newestId);
  if (delivery.kind === 'resolved' && !delivery.maybeTold && !troubleTold(neighbours)) {
    return { to: 'folded', supersededBy: null };
  }
  return null;
}

/** What may have been told must not look folded: a later "resolved" depends on it. */
function giveWay(delivery: Candidate, newestId: string): Transition {
  if (!delivery.maybeTold) return { to: 'folded', supersededBy: newestId };
  return {
    to: 'uncertain',
    retryAfterMs: null,
    error: { code: 'superseded', message: `Its outcome stays unknown: ${newestId} is newer, so it is not sent again.` },
  };
}

/** Trouble was told on that channel and its end was not. */
export function troubleTold({ lastTold, historyComplete }: Neighbours): boolean {
  return lastTold === null ? !historyComplete : lastTold !== 'resolved';
}
