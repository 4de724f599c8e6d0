import type { Definition } from './definitions';
import { cpuMicros, turn } from './process';
import type { BenchJob } from './types';

/** As definitions come from a store: so many at once, then everything else has its turn. */
const batchSize = 500;

/** Hands `count` jobs on in batches; answers the CPU in µs that making them cost, which is nobody's. */
export async function inBatches(
  count: number,
  definition: Definition,
  take: (batch: readonly BenchJob[]) => void | Promise<void>,
): Promise<number> {
  let making = 0;
  for (let from = 0; from < count; from += batchSize) {
    const before = cpuMicros();
    const batch = Array.from({ length: Math.min(batchSize, count - from) }, (_, offset) => definition(from + offset));
    making += cpuMicros() - before;
    await take(batch);
    await turn();
  }
  return making;
}
