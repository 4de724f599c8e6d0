import type { Trigger } from '../../domain/run/start';

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
  /** Aborts the work: own deadline, stop. */
  controller: AbortController;
  /** Aborts the work with a RunCancelledError: somebody has asked for the run's end. */
  cancellation: AbortController;
}

/** What this worker really executes: what its records are compared with. */
export class ActiveRuns {
  private readonly runs = new Map<string, { run: ActiveRun; done: Promise<void> }>();

  get size(): number {
    return this.runs.size;
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
    for (const { run } of this.runs.values()) run.controller.abort(reason);
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
