import { randomBytes } from 'node:crypto';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongodError } from '../errors';
import { commandLineOf } from '../run/processes';
import { readIfThere } from './dataFolder';

/** Runs fn while no other process starts or stops the same embedded database; waits for another at most waitMs. */
export async function withStartLock<T>(file: string, waitMs: number, fn: () => Promise<T>): Promise<T> {
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(own, String(process.pid), { mode: 0o600 });
  try {
    await acquire(file, own, waitMs);
    try {
      return await fn();
    } finally {
      await rm(file, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function acquire(file: string, own: string, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    // A link brings the name and the pid at once: nobody ever reads an empty lock.
    if (await tryLink(own, file)) return;
    const owner = Number(await readIfThere(file));
    if (owner > 0 && (await commandLineOf(owner)) === null) await clearStale(file, `${own}.stale`);
    else if (performance.now() > deadline) {
      throw new MongodError(`The embedded database is being started or stopped by process ${owner}; try again later.`);
    } else await sleep(50);
  }
}

/** Moves the lock of a dead process away; one that another process has taken meanwhile is put back. */
async function clearStale(file: string, aside: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const owner = Number(await readIfThere(aside));
  if (owner > 0 && (await commandLineOf(owner)) !== null) await tryLink(aside, file);
  await rm(aside, { force: true });
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
