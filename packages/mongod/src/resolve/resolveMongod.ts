import { type Attempt, MongodNotFound, reasonOf, StepFailed } from '../errors';
import { formatVersion, type Version } from '../version';
import { checkBinary } from './binary';
import { defaultCacheDir } from './cacheFolder';
import { steps as allSteps } from './steps';
import type { Step } from './types';

export interface ResolveOptions {
  /** Default: the environment of this process. */
  env?: NodeJS.ProcessEnv;
  /** Default: WATCHBELL_CACHE_DIR, else `~/.cache/watchbell`. */
  cacheDir?: string;
  /** Told one sentence at each thing that takes time or goes another way. */
  onProgress?: (sentence: string) => void;
  steps?: readonly Step[];
}

export interface Mongod {
  file: string;
  version: Version;
  /** The step that led to it. */
  from: string;
}

/** Finds a mongod that runs on this machine, or fetches one. Throws MongodNotFound with each reason and the ways out. */
export async function resolveMongod(options: ResolveOptions = {}): Promise<Mongod> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => {});
  const context = { env, cacheDir: options.cacheDir ?? defaultCacheDir(env), onProgress };
  const attempts: Attempt[] = [];
  for (const step of options.steps ?? allSteps) {
    try {
      const file = await step.find(context);
      const version = await checkBinary(file);
      onProgress(`MongoDB ${formatVersion(version)} (${file})`);
      return { file, version, from: step.name };
    } catch (error) {
      const attempt = { step: step.name, reason: reasonOf(error) };
      attempts.push(attempt);
      if (!(error instanceof StepFailed && error.usual)) onProgress(`Passed over: ${attempt.step}: ${attempt.reason}`);
    }
  }
  throw new MongodNotFound(attempts);
}
