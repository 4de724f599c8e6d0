import { parseArgs } from 'node:util';
import { BenchError } from './errors';

const workloadIds = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9', 'w10', 'growth'] as const;
export type WorkloadId = (typeof workloadIds)[number];

/** What the person asked for. */
export type Request =
  | { kind: 'measure'; ids: WorkloadId[]; all: boolean; json: boolean; rounds: number }
  | { kind: 'page'; file: string };

const usage = `npm run bench -- w1 … w10 growth | all [--json] [--rounds N]   measures these, or all
npm run bench -- page FILE   writes the tables of docs/benchmarks.md from what "--json" has printed; others stay
npm run bench -- check       checks the types, those of the peers too`;

const usualRounds = 3;
const mostRounds = 50;

/** Throws a BenchError that shows the usage. */
export function parseArguments(args: readonly string[]): Request {
  const { positionals, values } = read(args);
  const [first = '', second, ...more] = positionals;
  if (first === 'page' && second !== undefined && more.length === 0) return { kind: 'page', file: second };
  const rounds = values.rounds === undefined ? usualRounds : Number(values.rounds);
  const asked = new Set(positionals.map(one => one.toLowerCase()));
  const all = asked.size === 1 && asked.has('all');
  const ids = workloadIds.filter(id => all || asked.has(id));
  if (ids.length === 0 || (!all && ids.length !== asked.size)) throw new BenchError(usage);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > mostRounds) {
    throw new BenchError(`--rounds is a whole number from 1 to ${mostRounds}.\n${usage}`);
  }
  return { kind: 'measure', ids, all, json: values.json ?? false, rounds };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, rounds: { type: 'string' } },
    });
  } catch (error) {
    throw new BenchError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
