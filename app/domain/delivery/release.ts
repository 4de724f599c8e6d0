import type { AlertState } from '../alert/types';
import type { MessageKind } from '../message/types';
import { troubleTold } from './fold';
import type { Neighbours } from './types';

/** The alert as it stands when its mutes have ended; null where it is closed or gone. */
export type AlertNow = AlertState | null;

const troubleOf: Record<Exclude<MessageKind, 'resolved'>, AlertState> = {
  firing: 'firing',
  repeat: 'firing',
  noData: 'noData',
  error: 'error',
};

/**
 * Whether the newest muted delivery of an alert and channel is told after all, now that nothing mutes it.
 * A trouble that changed its kind without a message meanwhile is told too where nothing of it was: an imprecise ring
 * is better than none.
 */
export function decideRelease(kind: MessageKind, alert: AlertNow, neighbours: Neighbours): boolean {
  if (neighbours.newestId !== null) return false;
  if (kind === 'resolved') return troubleTold(neighbours);
  if (alert === null || alert === 'ok' || alert === 'pending') return false;
  return troubleOf[kind] === alert || !troubleTold(neighbours);
}
