import path from 'node:path';
import { parseArguments, type Request, type WorkloadId } from './arguments';
import { Bench } from './bench';
import { BenchError } from './errors';
import { type Machine, machineNow } from './machine';
import { writePage } from './page';
import { textOf } from './report';
import { subjectsOf } from './subjects';
import { allOf, exitCodeOf, notMeasured, type Result, withRounds } from './verdict';
import { growth } from './workloads/growth';
import { w1 } from './workloads/w1';
import { w2 } from './workloads/w2';
import { w3 } from './workloads/w3';
import { w4 } from './workloads/w4';
import { w5 } from './workloads/w5';
import { w6 } from './workloads/w6';
import { w7 } from './workloads/w7';
import { w8 } from './workloads/w8';
import { w9 } from './workloads/w9';
import { w10 } from './workloads/w10';

const workloads: Record<WorkloadId, (bench: Bench) => Promise<Result>> = {
  ...{ w1, w2, w3, w4, w5 },
  ...{ w6, w7, w8, w9, w10, growth },
};

/** Runs what the arguments ask for in the project's folder; answers the exit code. */
export async function main(args: readonly string[], root: string): Promise<number> {
  try {
    const request = parseArguments(args);
    if (request.kind === 'measure') return await measure(request, root);
    writePage(request.file, path.join(root, 'docs/benchmarks.md'));
    return 0;
  } catch (error) {
    console.error(error instanceof BenchError ? error.message : error);
    return 2;
  }
}

async function measure(request: Extract<Request, { kind: 'measure' }>, root: string): Promise<number> {
  const machine = machineNow();
  const bench = new Bench({ subjects: subjectsOf(root), rounds: request.rounds, say: line => console.error(line) });
  const results: Result[] = [];
  for (const id of request.ids) results.push(withRounds(await measured(id, bench), request.rounds));
  print(request, machine, results);
  return exitCodeOf(results);
}

/** A workload that cannot be measured takes nothing from the others. */
async function measured(id: WorkloadId, bench: Bench): Promise<Result> {
  try {
    return await workloads[id](bench);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    bench.say(error.message);
    return notMeasured(id.toUpperCase(), error.message.split('\n')[0] ?? '');
  }
}

function print({ json, all }: { json: boolean; all: boolean }, machine: Machine, results: Result[]): void {
  if (!json) for (const line of textOf(machine, results)) console.log(line);
  // On one line: it is the last one, whatever npm says before it.
  else for (const object of all ? [allOf(results)] : results) console.log(JSON.stringify({ ...object, machine }));
}
