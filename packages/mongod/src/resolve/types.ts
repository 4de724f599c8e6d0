export interface StepContext {
  env: NodeJS.ProcessEnv;
  /** Where binaries are kept for later starts and other data folders. */
  cacheDir: string;
  /** Told one sentence at each thing that takes time or goes another way. */
  onProgress: (sentence: string) => void;
}

/** One way to a binary. */
export interface Step {
  /** What the person reads: `mongod on PATH`. */
  name: string;
  /** Answers the path of a binary that need not work yet (it is tried afterwards); throws StepFailed with the reason. */
  find(context: StepContext): Promise<string>;
}
