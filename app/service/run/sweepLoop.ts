/** A sweep that repeats, sooner when it is woken, never two at a time. */
export class SweepLoop {
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private sweeping = false;
  private again = false;
  private repeats = false;
  private stopped = false;

  /** `failed` hears what a sweep threw; the next one comes all the same. */
  constructor(
    private readonly sweep: () => Promise<void>,
    private readonly everyMs: number,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(): void {
    this.repeats = true;
    this.wake();
  }

  /** Sweeps now; where a sweep is under way, once more after it. */
  wake(): void {
    if (this.stopped) return;
    this.again = this.sweeping;
    if (this.sweeping) return;
    clearTimeout(this.timer);
    this.sweeping = true;
    this.work = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      await this.sweep().catch(this.failed);
    } while (this.again && !this.stopped);
    this.sweeping = false;
    if (this.repeats && !this.stopped) this.timer = setTimeout(() => this.wake(), this.everyMs);
  }
}
