/** A job as every scheduler gets it. */
export interface BenchJob {
  index: number;
  cron: string;
  /** For a scheduler without zones always the process's own, UTC. */
  zone: string;
}

/** A scheduler under measurement. */
interface Scheduler {
  /** Takes a batch of new jobs. */
  register(jobs: readonly BenchJob[]): void | Promise<void>;
  /** Takes a batch of jobs that it has already, changed. */
  change?(jobs: readonly BenchJob[]): void | Promise<void>;
}

export interface SchedulerKind {
  /** Whether its jobs can have zones of their own. */
  zones: boolean;
  /** `fired` is the handler: it is called with the index of the job. */
  create(fired: (index: number) => void): Scheduler;
}

/** Compiles an expression in a zone; answers what finds its first instant after another, both in ms. */
export type CompileNext = (cron: string, zone: string) => (after: number) => number;
