import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { collectGarbage } from './process';

const collectionSchema = z.object({ detail: z.object({ kind: z.number() }) });
/** V8 gives unused memory back by at least two collections, the first of them up to 100 s after there was work. */
const collections = 2;
const limitMs = 130_000;
const lookMs = 500;
/** A further one follows the second within this span or not at all. */
const marginMs = 3000;

/** Waits until V8 has collected what the work before has left, and has given its memory back: the end of that work. */
export async function memoryGivenBack(): Promise<void> {
  collectGarbage();
  let seen = 0;
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const { detail } = collectionSchema.parse(entry);
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) seen += 1;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const end = performance.now() + limitMs;
  while (seen < collections && performance.now() < end) await sleep(lookMs);
  await sleep(marginMs);
  observer.disconnect();
}
