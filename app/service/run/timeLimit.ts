/** A time limit that can stand still: what a run waits for others is not its own time. */
export class TimeLimit {
  private timer: NodeJS.Timeout | undefined;
  private resumedAt = 0;
  private passed = false;

  constructor(
    private leftMs: number,
    private readonly atItsEnd: () => void = () => {},
  ) {
    this.resume();
  }

  /** Whether the time was over. */
  get isPassed(): boolean {
    return this.passed;
  }

  pause(): void {
    if (this.timer === undefined) return;
    this.end();
    this.leftMs -= performance.now() - this.resumedAt;
  }

  resume(): void {
    if (this.timer !== undefined) return;
    this.resumedAt = performance.now();
    this.timer = setTimeout(() => this.pass(), Math.max(0, this.leftMs));
  }

  /** Nothing is limited any more. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private pass(): void {
    this.passed = true;
    this.atItsEnd();
  }
}
