const tickMs = 1000;
/** A tick that comes later than this: the process was stopped, its machine slept, or its loop was held. */
const gapMs = 10_000;

/** Since when this process runs without a gap, in monotonic ms: what it slept through it cannot judge. */
export class Wakefulness {
  private timer: NodeJS.Timeout | undefined;
  private tickedMs: number;
  private sinceMs: number;

  constructor(private readonly monotonic: () => number) {
    this.sinceMs = monotonic();
    this.tickedMs = this.sinceMs;
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** May be asked before the tick that a stopped process is late with. */
  get awakeSinceMs(): number {
    this.tick();
    return this.sinceMs;
  }

  private tick(): void {
    const nowMs = this.monotonic();
    if (nowMs - this.tickedMs > gapMs) this.sinceMs = nowMs;
    this.tickedMs = nowMs;
  }
}
