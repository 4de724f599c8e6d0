import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const tailBytes = 32 * 1024;

/** The logs worth following, the most telling last. */
const followed = ['master-stdout.log', 'master-stderr.log', 'common-error.log', 'watchbell.log'] as const;

/** Lines that belong to a stack, to Node's or Egg's frame around an error, or to a warning. */
const frame =
  /^\s|^[-}]|^\w+: |^Require stack|^Node\.js v|^\/.*:\d+$|Warning:|^\(Use |WorkerDiedError|\[(master|agent_worker|app_worker)\]/;

/** What the server complained about since a time: the first telling lines on stderr, else of its error log. */
export async function lastErrors(logDir: string, since: Date): Promise<string[]> {
  for (const name of ['master-stderr.log', 'common-error.log']) {
    const lines = await tail(path.join(logDir, name), since);
    const said = lines.filter(line => !frame.test(line)).map(line => line.replace(/^[\d-]+ [\d:,]+ \w+ \d+ /, ''));
    if (said.length > 0) return [...new Set(said)].slice(0, 3);
  }
  return [];
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
