import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { CommandError } from '../errors';

/** How a ClickHouse server is started here: the program and what goes before its options. */
export interface ClickhouseBinary {
  file: string;
  args: readonly string[];
}

const installMs = 10 * 60_000;

/** The `clickhouse-server` of distributions, or the single `clickhouse` program of its makers; null where there is none. */
export async function findClickhouse(env: NodeJS.ProcessEnv = process.env): Promise<ClickhouseBinary | null> {
  // Services lie in sbin, which is not on everybody's PATH.
  const folders = [...(env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'].filter(
    path.isAbsolute,
  );
  for (const folder of folders) {
    const server = path.join(folder, 'clickhouse-server');
    if (await isExecutable(server)) return { file: server, args: [] };
    const single = path.join(folder, 'clickhouse');
    if (await isExecutable(single)) return { file: single, args: ['server'] };
  }
  return null;
}

/** Whether installClickhouse can work: Debian or a relative of it, as root. */
export async function canInstallClickhouse(): Promise<boolean> {
  return process.getuid?.() === 0 && (await isExecutable('/usr/bin/apt-get'));
}

/** Installs Debian's package. Throws CommandError with what apt-get said. */
export async function installClickhouse(say: (line: string) => void): Promise<void> {
  say('Installing ClickHouse (apt-get install clickhouse-server, about 80 MB) …');
  const first = await aptGet(['install', '-y', '--no-install-recommends', 'clickhouse-server', 'clickhouse-client']);
  if (first === null) return;
  // A machine that never asked its mirrors knows no packages.
  await aptGet(['update']);
  const second = await aptGet(['install', '-y', '--no-install-recommends', 'clickhouse-server', 'clickhouse-client']);
  if (second !== null) throw new CommandError(`ClickHouse could not be installed: ${second}`);
}

/** null where it worked, else the last words. */
async function aptGet(args: string[]): Promise<string | null> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  const child = spawn('apt-get', [...options, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: installMs });
  let output = '';
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const [code] = await once(child, 'close');
  return code === 0 ? null : output.trim().split('\n').slice(-3).join(' | ');
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
