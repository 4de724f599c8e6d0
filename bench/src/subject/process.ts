import { setTimeout as sleep } from 'node:timers/promises';

/** CPU of this process, all its threads, in µs. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Heap and what buffers hold beside it, in bytes, after everything unused has gone. */
export function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('Start this program with --expose-gc.');
  globalThis.gc();
  globalThis.gc();
}

/** Lets everything else that waits have its turn; by a timer, because immediates starve where fires come too fast. */
export const turn = () => sleep(1);

const lookMs = 50;
const idleMicros = 2500;
const idleLooks = 4;
const limitMs = 120_000;

/** Waits until what was begun is done: the process has had next to nothing to do for some looks on end. */
export async function settled(): Promise<void> {
  const end = performance.now() + limitMs;
  for (let idle = 0; idle < idleLooks; ) {
    const before = cpuMicros();
    await sleep(lookMs);
    idle = cpuMicros() - before < idleMicros ? idle + 1 : 0;
    if (performance.now() > end) throw new Error(`Still busy after ${limitMs} ms.`);
  }
}

/** Waits until this time of the system's clock. */
export async function until(at: number): Promise<void> {
  for (let left = at - Date.now(); left > 0; left = at - Date.now()) await sleep(left);
}
