import type { Clocks } from '../../app/cluster/databaseClock';

/** Wall and monotonic clocks that move only when told. */
export class VirtualClocks implements Clocks {
  constructor(
    private wallMs = Date.parse('2026-01-01T00:00:00Z'),
    private monotonicMs = 1000,
  ) {}

  wall(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.monotonicMs;
  }

  /** Both go on, as they do in a process that runs. */
  pass(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
  }

  /** Only the wall clock moves: it was set, or the machine slept. */
  stepWall(ms: number): void {
    this.wallMs += ms;
  }
}
