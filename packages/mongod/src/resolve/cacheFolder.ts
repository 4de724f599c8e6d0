import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reasonOf, StepFailed } from '../errors';
import { compareVersions, formatVersion, parseVersion } from '../version';
import { checkBinary } from './binary';

/** `WATCHBELL_CACHE_DIR`, else `watchbell` in the XDG cache folder (`~/.cache`). */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  if (env['WATCHBELL_CACHE_DIR']) return path.resolve(env['WATCHBELL_CACHE_DIR']);
  return path.join(env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'watchbell');
}

/** The folder of binaries for this kind of machine; one folder a version in it. */
function binariesFolder(cacheDir: string): string {
  return path.join(cacheDir, 'mongod', `${process.platform}-${process.arch}`);
}

/** The newest binary of the cache folder; throws StepFailed where there is none. */
export async function newestInCache(cacheDir: string): Promise<string> {
  const folder = binariesFolder(cacheDir);
  const names = await readdir(folder).catch(() => []);
  const newest = names
    .flatMap(name => {
      const version = parseVersion(name);
      return version !== null && /^[\d.]+$/.test(name) ? [{ name, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version))[0];
  if (newest === undefined) throw new StepFailed(`nothing in ${folder} yet`, true);
  return path.join(folder, newest.name, 'mongod');
}

/**
 * Tries a binary, then copies it into the cache folder under its version. Several processes may do so at once: each
 * writes a file of its own, and the rename is atomic. Answers the path in the cache.
 */
export async function keepInCache(cacheDir: string, file: string): Promise<string> {
  await chmod(file, 0o755);
  const version = await checkBinary(file);
  const folder = path.join(binariesFolder(cacheDir), formatVersion(version));
  const target = path.join(folder, 'mongod');
  const partial = path.join(folder, `.partial-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(file, partial);
    await chmod(partial, 0o755);
    await rename(partial, target);
  } catch (error) {
    throw new StepFailed(`the cache folder ${folder} cannot be written: ${reasonOf(error)}`);
  } finally {
    await rm(partial, { force: true });
  }
  return target;
}
