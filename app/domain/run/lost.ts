import type { OnLost } from '../job/types';

/** How often a run whose member died is run again, apart from its own retries. */
export const maxLost = 3;

export interface LostRun {
  onLost: OnLost;
  startedAt: Date | null;
  lostCount: number;
}

/**
 * What becomes of an unfinished run whose member is not live. One that has not started had no effect yet: it is started
 * elsewhere and not counted.
 */
export function afterLoss(run: LostRun): { action: 'restart'; lostCount: number } | { action: 'close' } {
  if (run.startedAt === null) return { action: 'restart', lostCount: run.lostCount };
  if (run.onLost === 'close' || run.lostCount >= maxLost) return { action: 'close' };
  return { action: 'restart', lostCount: run.lostCount + 1 };
}
