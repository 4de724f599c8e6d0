import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

/** This host's id: the setting, or the host name and random characters kept in the data folder. */
export function hostId(setting: string | undefined, dataDir: string): string {
  if (setting !== undefined) return setting;
  const file = path.join(dataDir, 'host-id');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const name =
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 40) || 'host';
  createOnce(file, `${name}-${randomBytes(3).toString('hex')}\n`);
  return readFileSync(file, 'utf8').trim();
}

/** Writes the whole file or leaves the one that is there: two processes that start together read the same. */
function createOnce(file: string, text: string): void {
  const draft = `${file}.${process.pid}.${randomBytes(3).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
}
