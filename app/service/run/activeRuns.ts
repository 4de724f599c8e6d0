import type { Trigger } from '../../domain/run/start';
import type { WorkSignal } from './workSignal';

/** A run that this worker executes. */
export interface ActiveRun {
  id: string;
  job: string;
  /** Of the definition that stands on its record. */
  revision: number;
  trigger: Trigger;
  scheduledAt: Date;
  fence: number;
  attempt: number;
  work: WorkSignal;
}

/** So many may wait for their ends to be recorded; beyond that nothing new is begun. */
const mostEnding = 20_000;

/** What this worker really executes: what its records are compared with. */
export class ActiveRuns {
  /** How many of them only wait for their end to be recorded: their work is done. */
  ending = 0;
  private readonly runs = new Map<string, { run: ActiveRun; done: Promise<void> }>();

  get size(): number {
    return this.runs.size;
  }

  /** How many more may be begun where so many may be in progress. */
  room(maxRuns: number): number {
    return Math.min(maxRuns - (this.size - this.ending), mostEnding - this.ending);
  }

  has(id: string): boolean {
    return this.runs.has(id);
  }

  get(id: string): ActiveRun | undefined {
    return this.runs.get(id)?.run;
  }

  /** Registers a run until its work has settled; `done` must handle its own errors. */
  add(run: ActiveRun, done: Promise<void>): void {
    const entry = { run, done };
    this.runs.set(run.id, entry);
    void done.finally(() => {
      if (this.runs.get(run.id) === entry) this.runs.delete(run.id);
    });
  }

  abortAll(reason: Error): void {
    for (const { run } of this.runs.values()) run.work.abort(reason);
  }

  /** Settles when this run's work has ended; at once where it is not being done here. */
  async ended(id: string): Promise<void> {
    await this.runs.get(id)?.done;
  }

  /** Settles when every run of this moment has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.runs.values()].map(({ done }) => done));
  }
}
