import { percentile } from '../statistics';

/** A fire may be so much early and still be of its own instant. */
const earlyMs = 50;

/** Which job was called when: as cheap as a handler can be. */
export class Fires {
  private readonly jobs: Int32Array;
  private readonly times: Float64Array;
  private size = 0;

  constructor(private readonly capacity: number) {
    this.jobs = new Int32Array(capacity);
    this.times = new Float64Array(capacity);
  }

  readonly record = (index: number): void => {
    this.jobs[this.size] = index;
    this.times[this.size] = Date.now();
    this.size += 1;
  };

  /** Forgets what was until now. */
  clear(): void {
    this.size = 0;
  }

  get count(): number {
    return this.size;
  }

  /** When the last one was, in ms; −Infinity for none. */
  get lastAt(): number {
    return this.times[this.size - 1] ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * How jobs with numbers under `jobs` were served for the instant that `dueAt` gives for each, of all the instants
   * `periodMs` apart: how many never, how many calls too many, and how late the first calls were.
   */
  summary(jobs: number, dueAt: (index: number) => number, periodMs: number): Record<string, number> {
    if (this.size > this.capacity) throw new Error(`More than ${this.capacity} fires.`);
    const counts = new Uint32Array(jobs);
    const lateness: number[] = [];
    let early = 0;
    for (let position = 0; position < this.size; position += 1) {
      const index = this.jobs[position] ?? 0;
      const late = (this.times[position] ?? 0) - dueAt(index);
      if (late < -earlyMs || late >= periodMs - earlyMs) continue;
      const before = counts[index] ?? 0;
      counts[index] = before + 1;
      if (before === 0) lateness.push(late);
      if (late < 0) early += 1;
    }
    const sorted = Float64Array.from(lateness).sort();
    return {
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: percentile(sorted, 1),
      missed: jobs - sorted.length,
      twice: counts.reduce((sum, count) => sum + Math.max(count - 1, 0), 0),
      early,
    };
  }
}
