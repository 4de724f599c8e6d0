import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { aptInstall } from '../apt';

/** How a ClickHouse server is started here: the program and what goes before its options. */
export interface ClickhouseBinary {
  file: string;
  args: readonly string[];
}

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
  await aptInstall(['clickhouse-server', 'clickhouse-client']);
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
