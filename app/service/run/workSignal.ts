import type { RunCancelledError } from '../../domain/run/errors';

/** Ends the work of a run before its time, and knows who wanted that. One signal for all of it: a run's cost is its own. */
export class WorkSignal {
  /** Somebody has asked for the run's end. */
  cancellation: RunCancelledError | null = null;
  private controller = new AbortController();
  private aborted = false;

  /** For the work of the attempt that is next or under way. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The lease was lost, or the process ends: nothing of this run may have an effect any more. */
  get isAborted(): boolean {
    return this.aborted;
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.controller.abort(reason);
  }

  cancel(cancellation: RunCancelledError): void {
    this.cancellation = cancellation;
    this.controller.abort(cancellation);
  }

  /** The time of this attempt is over. */
  timeOut(): void {
    this.controller.abort(new Error('timeout'));
  }

  /** After an attempt: one whose time was over may be followed by another. */
  renew(): void {
    if (this.signal.aborted && !this.aborted && this.cancellation === null) this.controller = new AbortController();
  }
}
