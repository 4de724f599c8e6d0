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

/**
 * A killed process has no command line any more while its threads still go down one by one, and so long its port is
 * taken. It has ended when nothing of it is left but what its parent is to collect.
 */
async function hasEnded(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return (await commandLineOf(pid)) === null;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
    return state === 'Z' && (await readdir(`/proc/${pid}/task`)).length <= 1;
  } catch (error) {
    // Gone between two looks: ESRCH where the file was open already.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return true;
    throw error;
  }
}

/** Waits until the process is gone; false where it still runs after timeoutMs. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await hasEnded(pid))) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
