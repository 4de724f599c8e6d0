import type { Clock } from './types';

export interface Clocks {
  /** This host's wall clock in ms: for the skew and for being careful, never for decisions between hosts. */
  wall(): number;
  /** Monotonic ms. */
  monotonic(): number;
}

export const systemClocks: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/** MongoDB's time, estimated as the offset at the last measurement + monotonic time since. */
export class DatabaseClock implements Clock {
  private measured: { database: number; wall: number; monotonic: number } | null = null;

  constructor(private readonly clocks: Clocks) {}

  /** Takes MongoDB's answer to a request that was sent and answered at these monotonic times. */
  measure(database: Date, sentMonotonic: number): void {
    const monotonic = this.clocks.monotonic();
    const half = (monotonic - sentMonotonic) / 2;
    this.measured = { database: database.getTime() + half, wall: this.clocks.wall(), monotonic };
  }

  now(): Date {
    if (this.measured === null) return new Date(this.clocks.wall());
    return new Date(this.measured.database + this.clocks.monotonic() - this.measured.monotonic);
  }

  /** This host's wall clock minus MongoDB's, in ms. */
  skewMs(): number {
    return Math.round(this.clocks.wall() - this.now().getTime());
  }

  /**
   * How far wall and monotonic time have moved apart since the measurement, in ms: a step of the clock, or a machine
   * that slept (its monotonic clock stands still).
   */
  driftMs(): number {
    if (this.measured === null) return Number.POSITIVE_INFINITY;
    const wall = this.clocks.wall() - this.measured.wall;
    return Math.abs(wall - (this.clocks.monotonic() - this.measured.monotonic));
  }
}
