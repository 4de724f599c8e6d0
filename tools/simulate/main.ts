import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { bundle } from '../../test/simulation/bundle';
import { lineOf, seedsOf, simulate, told } from '../../test/simulation/simulate';
import type { WorldResult } from '../../test/simulation/world';
import { readArguments, type SimulateArguments, simulateUsage } from './arguments';

interface Summary {
  seeds: number;
  steps: number;
  violated: WorldResult[];
}

/** `npm run simulate`: worlds by their seeds, in as many processes as there are processors. */
async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === null) {
    process.stderr.write(`${simulateUsage}\n`);
    return 2;
  }
  if (wanted.replay) return await replay(wanted.from);
  if (wanted.part !== null) return await part(wanted, wanted.part);
  return await all(wanted);
}

/** Prints one world step by step. */
async function replay(seed: number): Promise<number> {
  const result = await simulate(await bundle(), seed, step => process.stdout.write(`${lineOf(step)}\n`));
  process.stdout.write(`${told(result)}\n${result.steps} steps, ${result.digest}\n`);
  return result.violations.length === 0 ? 0 : 1;
}

/** What one of the processes does: every n-th seed. */
async function part(
  { from, to }: SimulateArguments,
  { index, count }: { index: number; count: number },
): Promise<number> {
  const program = await bundle();
  for (const seed of seedsOf(from + index, to, count)) process.send?.(await simulate(program, seed));
  return 0;
}

async function all(wanted: SimulateArguments): Promise<number> {
  const { from, to, json } = wanted;
  const summary: Summary = { seeds: 0, steps: 0, violated: [] };
  const count = Math.max(1, Math.min(availableParallelism(), to - from + 1));
  const heard = (result: WorldResult) => {
    summary.seeds += 1;
    summary.steps += result.steps;
    if (result.violations.length > 0) summary.violated.push(result);
    if (json) return;
    if (result.violations.length > 0) process.stdout.write(`${told(result)}\n`);
    else if (summary.seeds % 500 === 0) process.stdout.write(`${summary.seeds} worlds\n`);
  };
  const codes = await Promise.all(
    Array.from({ length: count }, (_, index) => child(`${index}/${count}`, wanted, heard)),
  );
  const pass = summary.violated.length === 0 && codes.every(code => code === 0) && summary.seeds === to - from + 1;
  if (json) process.stdout.write(`${JSON.stringify({ pass, ...summary })}\n`);
  else process.stdout.write(`${summary.seeds} worlds, ${summary.steps} steps, ${summary.violated.length} violated\n`);
  return pass ? 0 : 1;
}

/** Answers its exit code. */
function child(which: string, { from, to }: SimulateArguments, heard: (result: WorldResult) => void): Promise<number> {
  const one = fork(__filename, ['--seeds', `${from}..${to}`, '--part', which]);
  one.on('message', message => {
    if (isResult(message)) heard(message);
  });
  return new Promise((resolve, reject) => {
    one.on('error', reject);
    one.on('exit', code => resolve(code ?? 1));
  });
}

function isResult(message: unknown): message is WorldResult {
  return typeof message === 'object' && message !== null && 'violations' in message && 'digest' in message;
}

main().then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 2;
  },
);
