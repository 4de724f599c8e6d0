import type { RunCancelledError } from '../../domain/run/errors';

/** Ends the work of a run before its time, and knows who wanted that. One signal for all of it: a run's cost is its own. */
export class WorkSignal {
  /** Somebody has asked for the run's end. */
  cancellation: RunCancelledError | null = null;
  private controller = new AbortController();
  private abortedBy: Error | null = null;
  /** Made only for who asks: most runs end without. */
  private lost: AbortController | null = null;

  /** For the work of the attempt that is next or under way. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Says only that nothing of this run may have an effect any more: a cancel ends the work, not the record of its result. */
  get lostSignal(): AbortSignal {
    this.lost ??= new AbortController();
    if (this.abortedBy !== null) this.lost.abort(this.abortedBy);
    return this.lost.signal;
  }

  /** The lease was lost, or the process ends. */
  get isAborted(): boolean {
    return this.abortedBy !== null;
  }

  throwIfAborted(): void {
    if (this.abortedBy !== null) throw this.abortedBy;
  }

  abort(reason: Error): void {
    this.abortedBy ??= reason;
    this.lost?.abort(reason);
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
    if (this.signal.aborted && !this.isAborted && this.cancellation === null) this.controller = new AbortController();
  }
}
