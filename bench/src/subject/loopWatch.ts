import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 1;

/** Watches the event loop from its making on. */
export class LoopWatch {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.histogram.enable();
  }

  /** Ends the watch; the longest time that the loop stood still, in ms: what was sampled includes the waiting itself. */
  maxMs(): number {
    this.histogram.disable();
    return Math.max(this.histogram.max / 1e6 - resolutionMs, 0);
  }
}
