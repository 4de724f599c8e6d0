const firstMs = 5000;
const longestMs = 600_000;

/** That a trouble is over is tried this often; that it lasts is tried as long as it does. */
export const mostEndTries = 12;

/** 5 s, 10 s, 20 s … at most 10 min, after this many failed attempts. */
export function retryMs(tries: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(Math.max(0, tries - 1), 10));
}
