/** A time limit that can stand still: what a run waits for others is not its own time. */
export class TimeLimit {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private resumedAt = 0;

  constructor(private leftMs: number) {
    this.resume();
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  pause(): void {
    if (this.timer === undefined) return;
    this.end();
    this.leftMs -= performance.now() - this.resumedAt;
  }

  resume(): void {
    if (this.timer !== undefined) return;
    this.resumedAt = performance.now();
    this.timer = setTimeout(() => this.controller.abort(new Error('timeout')), Math.max(0, this.leftMs));
  }

  /** Nothing is limited any more. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
