import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf, StepFailed } from '../errors';

/** Gives fn a folder of its own inside the cache folder (same file system, so that a rename is atomic); removes it at the end. */
export async function withWorkFolder<T>(cacheDir: string, fn: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeWorkFolder(cacheDir);
  try {
    return await fn(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeWorkFolder(cacheDir: string): Promise<string> {
  try {
    await mkdir(cacheDir, { recursive: true });
    return await mkdtemp(path.join(cacheDir, '.work-'));
  } catch (error) {
    throw new StepFailed(`the cache folder ${cacheDir} cannot be written: ${reasonOf(error)}`);
  }
}
