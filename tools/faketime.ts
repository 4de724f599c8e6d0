import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { aptInstall } from './apt';

const library = 'faketime/libfaketime.so.1';

/** The library that gives a process another wall clock; null where it is not installed. */
export function findFaketime(): string | null {
  const folders = ['/usr/lib', '/usr/local/lib'].filter(folder => existsSync(folder));
  const nested = folders.flatMap(folder => readdirSync(folder).map(name => path.join(folder, name)));
  const files = [...folders, ...nested].map(folder => path.join(folder, library));
  return files.find(file => existsSync(file)) ?? null;
}

/** Installs Debian's package. Throws CommandError with what apt-get said. */
export async function installFaketime(say: (line: string) => void): Promise<void> {
  say('Installing libfaketime (tests run a host whose clock is wrong) …');
  await aptInstall(['libfaketime']);
}
