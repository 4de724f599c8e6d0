import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command, CommandContext } from '../cli/types';
import { CommandError } from '../errors';
import { type DrillArguments, readArguments } from './arguments';
import { drillOnCluster } from './onCluster';
import { drillOnStage, type LeftOut } from './onStage';
import type { FaultResult } from './result';

/** Ctrl-C, a supervisor, a closed terminal. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `npm run drill`: breaks a real cluster in every way and counts by an independent witness what was missed or ran twice. */
export const drill: Command = async context => {
  const given = readArguments(context.args, context.env);
  if (process.platform !== 'linux') throw new CommandError('The drill needs Linux: it looks for processes in /proc.');
  const ended = new AbortController();
  const end = (): void => ended.abort(new CommandError('The drill was ended.'));
  for (const name of endings) process.on(name, end);
  const folder = await mkdtemp(path.join(tmpdir(), 'watchbell-drill-'));
  try {
    const { results, leftOut } = await drilled(given, context, folder, ended.signal);
    const pass = results.length > 0 && results.every(result => result.pass);
    if (given.json) context.say(JSON.stringify({ pass, seed: given.seed, faults: results, leftOut }));
    else context.say(`\n${pass ? 'Every fault passed.' : 'Not every fault passed.'}`);
    return pass ? 0 : 1;
  } catch (error) {
    if (ended.signal.aborted) return 130;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    for (const name of endings) process.off(name, end);
  }
};

async function drilled(
  given: DrillArguments,
  { root, say }: CommandContext,
  folder: string,
  signal: AbortSignal,
): Promise<{ results: FaultResult[]; leftOut: LeftOut[] }> {
  // With --json the result stands alone on standard output.
  const tell = given.json ? (line: string) => process.stderr.write(`${line}\n`) : say;
  const around = { root, folder, signal, say: tell };
  if (given.cluster !== null) return { results: [await drillOnCluster(given.cluster, around)], leftOut: [] };
  const names = given.faults.map(fault => fault.name).join(', ');
  tell(`Drill of ${names}: ${given.rounds} round(s) each, --seed ${given.seed}`);
  return await drillOnStage(given, around);
}
