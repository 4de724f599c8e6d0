import type { Clock } from './types';

export interface Clocks {
  /** This host's wall clock in ms: for the skew and for being careful, never for decisions between hosts. */
  wall(): number;
  /** Monotonic ms. */
  monotonic(): number;
}

export const systemClocks: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

interface Measurement {
  /** MongoDB's time in ms at these times of the own clocks. */
  database: number;
  /** How far it may be off: half of the request's duration, and what clocks drift since. */
  errorMs: number;
  wall: number;
  monotonic: number;
}

/** Two clocks go apart by at most this share (100 ppm; NTP assumes 15). */
const driftShare = 1e-4;

/** MongoDB's time, estimated as the offset at the last measurement + monotonic time since. */
export class DatabaseClock implements Clock {
  private measured: Measurement | null = null;

  constructor(private readonly clocks: Clocks) {}

  /**
   * Takes MongoDB's answer to a request that was sent and answered at these monotonic times. A slow answer says little:
   * what is known better already stays, unless the answer shows that MongoDB's clock has moved.
   */
  measure(database: Date, sentMonotonic: number): void {
    const monotonic = this.clocks.monotonic();
    const errorMs = (monotonic - sentMonotonic) / 2;
    const fresh = { database: database.getTime() + errorMs, errorMs };
    const known = this.predicted(monotonic);
    const agree = known !== null && Math.abs(known.database - fresh.database) <= known.errorMs + errorMs;
    const better = agree && known.errorMs < errorMs ? known : fresh;
    this.measured = { ...better, wall: this.clocks.wall(), monotonic };
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

  private predicted(monotonic: number): { database: number; errorMs: number } | null {
    if (this.measured === null) return null;
    const age = monotonic - this.measured.monotonic;
    return { database: this.measured.database + age, errorMs: this.measured.errorMs + age * driftShare };
  }
}
