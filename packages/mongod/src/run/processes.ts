import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from './command';

/** Whether a process with this id exists (it may belong to somebody else). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The command line of a process, words parted by a space; null where there is no such process (or a zombie). */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (!isAlive(pid)) return null;
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line === '' ? null : line.split('\0').join(' ').trim();
  }
  const listed = await runCommand('ps', ['-o', 'command=', '-p', String(pid)], { timeoutMs: 5000 });
  return listed.code === 0 && listed.output.trim() !== '' ? listed.output.trim() : null;
}

/** Sends a signal (0 only looks) to a process, or to a group by its negative id; false where it is gone already. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** The state in a `/proc/…/stat`; null where that process or thread is gone. */
async function stateIn(file: string): Promise<string | null> {
  try {
    const stat = await readFile(file, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch (error) {
    // Gone between two looks: ESRCH where the file was open already.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null;
    throw error;
  }
}

/**
 * A killed process has no command line any more while its threads still go down one by one, and so long its port is
 * taken. It has ended when nothing of it is left but what its parent is to collect.
 */
async function hasEnded(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return (await commandLineOf(pid)) === null;
  const state = await stateIn(`/proc/${pid}/stat`);
  return state === null || (state === 'Z' && (await threadsOf(pid)).length <= 1);
}

/** On a busy machine a thread that runs when its process is stopped goes on for as long as it waits for its core. */
async function stands(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const states = await Promise.all((await threadsOf(pid)).map(id => stateIn(`/proc/${pid}/task/${id}/stat`)));
  return states.every(state => state === null || state === 'T');
}

async function threadsOf(pid: number): Promise<string[]> {
  return await readdir(`/proc/${pid}/task`).catch(() => []);
}

/** Waits until the process is gone; false where it still runs after timeoutMs. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  return await waitUntil(() => hasEnded(pid), timeoutMs);
}

/** Waits until every thread of a process that was sent SIGSTOP stands still; false where one runs after timeoutMs. */
export async function waitForStop(pid: number, timeoutMs: number): Promise<boolean> {
  return await waitUntil(() => stands(pid), timeoutMs);
}

async function waitUntil(there: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await there())) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
