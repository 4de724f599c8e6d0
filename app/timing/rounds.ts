import { errorFields, type Log } from '../domain/log';

/** No timer sleeps longer: a suspended machine or a stepped clock is noticed within this span. */
const maxSleepMs = 30_000;
/** After a round that failed, or that could not work yet, the next comes after this span. */
export const notReadyMs = 250;

export interface RoundsWork {
  /** For the log: `<name>.roundFailed`. */
  name: string;
  /** In how many ms there is work; infinite when there is none. */
  nextMs(): number;
  /** One round; answers how long to pause before the next, 0 for as long as nextMs says. */
  round(): Promise<number>;
}

/** One timer that runs rounds of work, never two at once, for as long as there is work. */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private off = true;

  constructor(
    private readonly work: RoundsWork,
    private readonly log: Log,
  ) {}

  get stopped(): boolean {
    return this.off;
  }

  start(): void {
    this.off = false;
    this.arm();
  }

  /** Settles when the round of this moment has ended. */
  async stop(): Promise<void> {
    this.off = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Sets the timer by what there is to do now; call when that may have come nearer. */
  arm(): void {
    if (this.off || this.running !== null) return;
    this.sleep(Math.min(Math.max(this.work.nextMs(), 0), maxSleepMs));
  }

  private sleep(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), Math.ceil(ms));
  }

  private wake(): void {
    this.running = this.work
      .round()
      .catch((error: unknown) => {
        this.log.error(`${this.work.name}.roundFailed`, errorFields(error));
        return notReadyMs;
      })
      .then(pauseMs => {
        this.running = null;
        if (this.off) return;
        if (pauseMs > 0) this.sleep(pauseMs);
        else this.arm();
      });
  }
}
