import { randomBytes } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { type RunningEmbedded, startEmbedded } from '@watchbell/mongod';
import type { Installation } from './installation';

export interface PreparedDatabase {
  /** The environment given, with what the server needs to reach its database. */
  env: NodeJS.ProcessEnv;
  url: string;
  /** Null where MONGODB_URL was given. */
  embedded: RunningEmbedded | null;
}

/** MONGODB_URL where it is set; else this machine's embedded database, started, with a key file for the secrets. */
export async function prepareDatabase(
  environment: NodeJS.ProcessEnv,
  installation: Installation,
  onProgress: (sentence: string) => void,
): Promise<PreparedDatabase> {
  const given = environment['MONGODB_URL'];
  const env: NodeJS.ProcessEnv = {
    ...environment,
    WATCHBELL_DATA_DIR: installation.dataDir,
    WATCHBELL_LOG_DIR: installation.logDir,
  };
  if (given) return { env, url: given, embedded: null };
  const embedded = await startEmbedded({ dataDir: installation.dataDir, onProgress });
  if (!env['WATCHBELL_SECRET_KEY'] && !env['WATCHBELL_SECRET_KEY_FILE']) {
    await ensureSecretKey(installation.secretKeyFile);
    env['WATCHBELL_SECRET_KEY_FILE'] = installation.secretKeyFile;
  }
  return { env: { ...env, MONGODB_URL: embedded.url }, url: embedded.url, embedded };
}

/** The whole file or none: a key that is half written would lock its secrets away. */
async function ensureSecretKey(file: string): Promise<void> {
  const draft = `${file}.${process.pid}.draft`;
  await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
