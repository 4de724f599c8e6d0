import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const tailBytes = 32 * 1024;

/** The logs worth following, the most telling last. */
export const followed = ['master-stdout.log', 'master-stderr.log', 'common-error.log', 'watchbell.log'] as const;

/** What the server complained about since a time: what it wrote to stderr, else the last errors of its logs. */
export async function lastErrors(logDir: string, since: Date): Promise<string[]> {
  const stderr = await tail(path.join(logDir, 'master-stderr.log'), since);
  const said = [...new Set(stderr.filter(line => !/^\s+at |^\(Use |Warning:/.test(line)))];
  if (said.length > 0) return said.slice(-5);
  const errors = await tail(path.join(logDir, 'common-error.log'), since);
  return errors.filter(line => /ERROR|Error:/.test(line)).slice(-3);
}

/** The log files that exist. */
export async function existingLogs(logDir: string): Promise<string[]> {
  const names = new Set(await readdir(logDir).catch(() => []));
  return followed.filter(name => names.has(name)).map(name => path.join(logDir, name));
}

async function tail(file: string, since: Date): Promise<string[]> {
  const found = await stat(file).catch(() => null);
  if (found === null || found.size === 0 || found.mtime < since) return [];
  const handle = await open(file);
  try {
    const length = Math.min(found.size, tailBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, found.size - length);
    return buffer
      .toString('utf8')
      .split('\n')
      .filter(line => line.trim() !== '');
  } finally {
    await handle.close();
  }
}
