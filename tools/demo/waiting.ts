import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../errors';

/** Asks until there is an answer. Throws CommandError past limitMs; rejects with AbortError when the demo is ended. */
export async function waitFor<T>(
  what: string,
  limitMs: number,
  stopped: AbortSignal,
  ask: () => Promise<T | null> | T | null,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline)
      throw new CommandError(`Not seen within ${Math.round(limitMs / 1000)} s: ${what}.`);
    await sleep(150, undefined, { signal: stopped });
  }
}
