import { parseArgs } from 'node:util';

export interface SimulateArguments {
  from: number;
  to: number;
  replay: boolean;
  json: boolean;
  /** One of several processes that share the seeds. */
  part: { index: number; count: number } | null;
}

export const simulateUsage = `npm run simulate -- --seeds FROM..TO [--json]
npm run simulate -- --seed N [--replay]`;

const options = {
  seeds: { type: 'string' },
  seed: { type: 'string' },
  replay: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  part: { type: 'string' },
} as const;

/** null where they are not as `simulateUsage` says. */
export function readArguments(argv: string[]): SimulateArguments | null {
  const values = parsed(argv);
  if (values === null) return null;
  const { seeds, seed, replay, json } = values;
  const range = /^(\d+)\.\.(\d+)$/.exec(seeds ?? (seed === undefined ? '1..2000' : `${seed}..${seed}`));
  const part = /^(\d+)\/(\d+)$/.exec(values.part ?? '');
  if (range === null || (values.part !== undefined && part === null)) return null;
  const [from, to] = [Number(range[1]), Number(range[2])];
  if (to < from || (replay && from !== to)) return null;
  return { from, to, replay, json, part: part === null ? null : { index: Number(part[1]), count: Number(part[2]) } };
}

function parsed(argv: string[]) {
  try {
    return parseArgs({ args: argv, options }).values;
  } catch {
    // An unknown argument: the usage says which there are.
    return null;
  }
}
