/** A time limit that can stand still: what a run waits for others is not its own time. */
export class TimeLimit {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private resumedAt = 0;
  private passed = false;

  /** Any of `ends` ends the work before its time. Joined by hand: AbortSignal.any would cost half of a short run. */
  constructor(
    private leftMs: number,
    private readonly ends: readonly AbortSignal[] = [],
  ) {
    for (const end of ends) {
      if (end.aborted) this.controller.abort(end.reason);
      else end.addEventListener('abort', this.follow, { once: true });
    }
    this.resume();
  }

  /** Aborted when the time is over, or by one of the ends with its reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Whether the time was over. */
  get isPassed(): boolean {
    return this.passed;
  }

  pause(): void {
    if (this.timer === undefined) return;
    this.halt();
    this.leftMs -= performance.now() - this.resumedAt;
  }

  resume(): void {
    if (this.timer !== undefined) return;
    this.resumedAt = performance.now();
    this.timer = setTimeout(() => this.pass(), Math.max(0, this.leftMs));
  }

  /** Nothing is limited any more. */
  end(): void {
    this.halt();
    for (const end of this.ends) end.removeEventListener('abort', this.follow);
  }

  private readonly follow = (): void => {
    this.controller.abort(this.ends.find(end => end.aborted)?.reason);
  };

  private pass(): void {
    this.passed = !this.controller.signal.aborted;
    this.controller.abort(new Error('timeout'));
  }

  private halt(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
