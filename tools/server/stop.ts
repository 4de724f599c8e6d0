import { setTimeout as sleep } from 'node:timers/promises';
import { signal } from '@watchbell/mongod';
import { CommandError } from '../errors';
import type { Installation } from './installation';
import { type ServerProcess, serverProcesses } from './processes';

/**
 * Workers are out in 4.5 s, then the agent in 2 s at the most; whoever is left might be left for ever (Egg never kills
 * its agent). 6 s hold all but both at their limits, and leave 2 of the promised 8 s to the start of the command on a busy
 * machine and to the kill. A killed agent holds no run: its lease is all that others wait for.
 */
const graceMs = 6000;
const killMs = 2000;

/** Ends every process of this installation's server; answers how many there were. Throws CommandError where one cannot be ended. */
export async function stopServer(installation: Installation): Promise<number> {
  const before = await serverProcesses(installation);
  if (before.length === 0) return 0;
  const masters = before.filter(one => one.role === 'master');
  send(masters.length > 0 ? masters : before, 'SIGTERM');
  let left = await waitForEnd(installation, graceMs);
  send(left, 'SIGKILL');
  left = left.length === 0 ? [] : await waitForEnd(installation, killMs);
  if (left.length === 0) return before.length;
  throw new CommandError(`These processes do not end: ${left.map(one => `${one.role} ${one.pid}`).join(', ')}.`);
}

async function waitForEnd(installation: Installation, limitMs: number): Promise<ServerProcess[]> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const left = await serverProcesses(installation);
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(50);
  }
}

function send(processes: readonly ServerProcess[], name: NodeJS.Signals): void {
  for (const { pid } of processes) signal(pid, name);
}
