/**
 * Ends one piece of work at a time limit or with any of the given signals, whichever comes first; the reason goes along.
 * In place of AbortSignal.any, which leaves an entry in a long-lived signal for each call (Node 20): `release` leaves none.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #release: (() => void)[] = [];
  #passed = false;

  constructor(timeoutMs: number, signals: readonly AbortSignal[]) {
    this.#timer = setTimeout(() => {
      this.#passed = true;
      this.#controller.abort(new Error(`the limit of ${timeoutMs} ms has passed`));
    }, timeoutMs);
    for (const signal of signals) this.#follow(signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** It was the time limit, not one of the signals. */
  get passed(): boolean {
    return this.#passed;
  }

  /** For work that cannot be aborted: who waits for it can. Rejects with the reason of the signal. */
  async race<T>(work: Promise<T>): Promise<T> {
    let abort = () => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      abort = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', abort, { once: true });
      if (this.signal.aborted) abort();
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      this.signal.removeEventListener('abort', abort);
    }
  }

  /** When the work has ended: stops the clock and follows no signal any more. */
  release(): void {
    clearTimeout(this.#timer);
    for (const release of this.#release.splice(0)) release();
  }

  #follow(signal: AbortSignal): void {
    const abort = () => this.#controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#release.push(() => signal.removeEventListener('abort', abort));
  }
}
