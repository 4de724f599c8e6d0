import type { Figures, Message } from '../protocol';
import { percentile } from '../statistics';
import { until } from '../subject/process';

/** Every job is due each so many ms, all in one instant. */
export const periodMs = 10_000;
/** From the due time to the handler's start. */
const lateLimitMs = 1000;
/**
 * Instants of each load that are not counted: a process that has met half of the jobs at each of them knows 15 of 16, as
 * one that has run for a while knows all. Of the very first one the lateness is told apart.
 */
const uncounted = 4;

interface PathSubject {
  loads: readonly number[];
  /** Counted, behind those that are not. */
  periods: number;
  /** Stores jobs until there are so many; well before the next instant. */
  grow(jobs: number): Promise<void>;
  cpu(): { node: number; mongod: number };
  /** What has started of the instants from `from` (ms) on, before `to`: how late, and of which occurrence. */
  startsOf(from: number, to: number): Promise<{ lateness: number[]; ids: string[] }>;
}

/** Load after load on the same processes; figures carry the load in their names, `largest` is the largest that kept the limit. */
export async function steps(subject: PathSubject): Promise<Message> {
  const figures: Figures = { largest: 0 };
  for (const jobs of subject.loads) {
    const step = await measure(subject, jobs);
    for (const [name, value] of Object.entries(step)) figures[`${name}At${jobs}`] = value;
    if ((step['p99Ms'] ?? 0) < lateLimitMs && step['missed'] === 0 && step['twice'] === 0) figures['largest'] = jobs;
    console.error(jobs, step);
  }
  return { figures };
}

/** CPU is taken from half a period before the first counted instant to half a period after the last one. */
async function measure(subject: PathSubject, jobs: number): Promise<Figures> {
  await until(nextInstant(Date.now()) + 2000);
  await subject.grow(jobs);
  const first = nextInstant(Date.now() + 1000);
  const from = first + uncounted * periodMs;
  const to = from + subject.periods * periodMs;
  await until(from - periodMs / 2);
  const before = subject.cpu();
  await until(to - periodMs / 2);
  const after = subject.cpu();
  const { lateness, ids } = await subject.startsOf(from, to);
  const sorted = Float64Array.from(lateness).sort();
  const atFirst = Float64Array.from((await subject.startsOf(first, first + periodMs)).lateness).sort();
  const fires = jobs * subject.periods;
  const distinct = new Set(ids).size;
  return {
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    maxMs: percentile(sorted, 1),
    firstP99Ms: percentile(atFirst, 0.99),
    missed: fires - distinct,
    twice: ids.length - distinct,
    cpuPerFireMicros: ((after.node - before.node + after.mongod - before.mongod) / fires) * 1000,
    nodeCpuPerFireMicros: ((after.node - before.node) / fires) * 1000,
    mongodCpuPerFireMicros: ((after.mongod - before.mongod) / fires) * 1000,
  };
}

function nextInstant(after: number): number {
  return Math.ceil(after / periodMs) * periodMs;
}
