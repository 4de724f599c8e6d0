import type { Retry } from '../job/types';

/** How long to wait before the attempt after `attempt`, in ms; null when there is none left. */
export function retryDelayMs({ limit, backoffMs, factor }: Retry, attempt: number): number | null {
  return attempt > limit ? null : Math.round(backoffMs * factor ** (attempt - 1));
}
