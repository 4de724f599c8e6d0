import { z } from 'zod';

/** What the application of W6 is to do; in its environment. */
const ipcTaskSchema = z.object({
  jobs: z.number(),
  bursts: z.number(),
  mode: z.enum(['timekeeper', 'batches', 'single']),
  /** Each worker writes what it took to a file in this folder. */
  folder: z.string(),
  firstAt: z.number(),
});

export const burstMs = 2000;
export const taskVariable = 'WATCHBELL_BENCH_IPC';
/** Of a message with one occurrence alone. */
export const singleName = 'bench:single';

export function ipcTask() {
  return ipcTaskSchema.parse(JSON.parse(process.env[taskVariable] ?? 'null'));
}

/** This process's clock in ms, with fractions. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
