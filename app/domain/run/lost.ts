import type { OnLost } from '../job/types';

/** How often a run whose member died is run again, apart from its own retries. */
export const maxLost = 3;

export interface LostRun {
  onLost: OnLost;
  startedAt: Date | null;
  lostCount: number;
  cancelRequestedAt?: Date | undefined;
}

/**
 * What becomes of an unfinished run whose member is not live. One that has not started had no effect yet: it is started
 * elsewhere and not counted. One that somebody has asked to end has ended with its member.
 */
export function afterLoss(
  run: LostRun,
): { action: 'restart'; lostCount: number } | { action: 'close' } | { action: 'cancel' } {
  if (run.cancelRequestedAt !== undefined) return { action: 'cancel' };
  if (run.startedAt === null) return { action: 'restart', lostCount: run.lostCount };
  if (run.onLost === 'close' || run.lostCount >= maxLost) return { action: 'close' };
  return { action: 'restart', lostCount: run.lostCount + 1 };
}
