import type { Program } from './sandbox';
import { scenarioOf } from './scenario';
import type { Step } from './trace';
import { World, type WorldResult } from './world';

const mostTold = 5;

/**
 * One world by its seed, from its start to its end or to its first violation. Errors that the network throws have no stack
 * unless somebody reads along: they are thousands, and a tenth of the time.
 */
export async function simulate(
  program: Program,
  seed: number,
  listener: ((step: Step) => void) | null = null,
): Promise<WorldResult> {
  const { stackTraceLimit } = Error;
  if (listener === null) Error.stackTraceLimit = 0;
  try {
    return await new World(program, scenarioOf(seed), listener).run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The seeds from `from` to `to`, every `step`-th. */
export function* seedsOf(from: number, to: number, step = 1): Generator<number> {
  for (let seed = from; seed <= to; seed += step) yield seed;
}

/** What was violated in these worlds; the first few are enough. */
export async function violatedIn(program: Program, seeds: Iterable<number>): Promise<string[]> {
  const violated: string[] = [];
  for (const seed of seeds) {
    const result = await simulate(program, seed);
    if (result.violations.length > 0) violated.push(told(result));
    if (violated.length >= mostTold) break;
  }
  return violated;
}

/** What a person needs to know of a violation, and how to see it happen. */
export function told({ seed, violations }: WorldResult): string {
  const [first] = violations;
  if (first === undefined) return `seed ${seed}: nothing was violated`;
  const at = `${(first.atMs / 1000).toFixed(3)} s`;
  return `seed ${seed}: ${first.property} at ${at}: ${first.detail}\n  npm run simulate -- --seed ${seed} --replay`;
}

/** One line of a replay. */
export function lineOf({ atMs, who, what, detail }: Step): string {
  return `${(atMs / 1000).toFixed(6).padStart(11)}  ${who.padEnd(14)} ${what.padEnd(12)} ${detail}`;
}
