import { readdirSync, readFileSync } from 'node:fs';

/** Whether a process runs; one that has ended and was not waited for does not. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export function childrenOf(parent: number): { pid: number; command: string }[] {
  return allPids().flatMap(pid => {
    const stat = read(pid, 'stat');
    const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return ppid === parent ? [{ pid, command: read(pid, 'cmdline') }] : [];
  });
}

/** Every process that was started with this variable in its environment, whoever its parent is by now. */
export function startedWith(name: string, value: string): number[] {
  const entry = `${name}=${value}`;
  return allPids().filter(pid => pid !== process.pid && read(pid, 'environ').split('\0').includes(entry));
}

/** What the process is told, unless it is gone by now. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

/** Empty for a process that has ended meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
