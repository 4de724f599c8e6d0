import type { Random } from './random';
import type { Happening, Timeline } from './timeline';
import type { Trace } from './trace';

/** What every part of one simulated world shares. */
export interface Surroundings {
  timeline: Timeline;
  random: Random;
  trace: Trace;
}

/** The clocks of one machine. */
export class MachineClock {
  /** While the whole machine stands still: since when, in virtual ms. */
  private frozenSince: number | null = null;
  private frozenMs = 0;

  constructor(
    private readonly timeline: Timeline,
    /** What its wall clock shows more than the virtual time. */
    private offsetMs: number,
  ) {}

  wall(): number {
    return this.timeline.now + this.offsetMs;
  }

  /** Stands still with the machine. */
  monotonic(): number {
    return (this.frozenSince ?? this.timeline.now) - this.frozenMs;
  }

  step(ms: number): void {
    this.offsetMs += ms;
  }

  freeze(): void {
    this.frozenSince = this.timeline.now;
  }

  /** Answers for how long the machine stood still. */
  thaw(): number {
    const stood = this.timeline.now - (this.frozenSince ?? this.timeline.now);
    this.frozenSince = null;
    this.frozenMs += stood;
    return stood;
  }
}

/** What a simulated process can be handed: a timer that is over, or something from outside. */
type Kind = 'timer' | 'arrival';

interface Held {
  kind: Kind;
  at: number;
  run: () => void;
}

/** A timer of a simulated process; Node's own has these methods. */
export interface Timer {
  happening: Happening;
  everyMs: number | null;
  ref(): Timer;
  unref(): Timer;
  hasRef(): boolean;
}

/** One process of a simulated machine: its clocks, its timers, and whether anything reaches it. */
export class SimProcess {
  alive = true;
  /** In virtual ms. */
  diedAt = Number.POSITIVE_INFINITY;
  readonly death: Promise<void>;
  private died: () => void = () => undefined;
  private pausedBy = 0;
  private readonly bornAt: number;
  private readonly timers = new Set<Timer>();
  private held: Held[] = [];

  constructor(
    readonly world: Surroundings,
    readonly name: string,
    readonly pid: number,
    readonly clock: MachineClock,
  ) {
    this.death = new Promise(resolve => {
      this.died = resolve;
    });
    this.bornAt = clock.monotonic() - world.random.between(100, 5000);
  }

  wall(): number {
    return Math.floor(this.clock.wall());
  }

  monotonic(): number {
    return this.clock.monotonic() - this.bornAt;
  }

  /** Something from outside reaches this process at a virtual time: when it is paused, afterwards; when dead, never. */
  arrive(at: number, what: string, detail: string, run: () => void): Happening {
    return this.world.timeline.at(at, () => {
      this.hand('arrival', () => {
        this.world.trace.add(this.name, what, detail);
        run();
      });
    });
  }

  setTimer(run: () => void, delayMs: number | undefined, repeats: boolean): Timer {
    const spanMs = Math.max(1, Number.isFinite(delayMs) ? (delayMs ?? 1) : 1);
    const timer: Timer = {
      happening: this.arm(spanMs, () => this.over(timer, run, spanMs)),
      everyMs: repeats ? spanMs : null,
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
    };
    if (this.alive) this.timers.add(timer);
    else timer.happening.cancelled = true;
    return timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    timer.happening.cancelled = true;
    this.timers.delete(timer);
  }

  /** SIGSTOP: nothing runs, the clocks go on. May be nested with a machine that stands still. */
  pause(): void {
    this.pausedBy += 1;
  }

  /**
   * What has piled up runs now, timers and arrivals in either order as the system pleases. `stoodMs`: for so long the
   * whole machine stood still, and its timers count from there on.
   */
  resume(stoodMs = 0): void {
    this.pausedBy -= 1;
    if (this.pausedBy > 0 || !this.alive) return;
    const { timeline, random } = this.world;
    const first: Kind = random.chance(0.5) ? 'timer' : 'arrival';
    const held = this.held;
    this.held = [];
    if (stoodMs > 0) this.shiftTimers(stoodMs);
    const ordered = [...held.filter(one => one.kind === first), ...held.filter(one => one.kind !== first)];
    for (const { kind, at, run } of ordered) {
      const time = kind === 'timer' && stoodMs > 0 ? at + stoodMs : timeline.now;
      timeline.at(time, () => this.hand(kind, run));
    }
  }

  private shiftTimers(ms: number): void {
    for (const timer of this.timers) {
      const { at, run, cancelled } = timer.happening;
      if (cancelled || at < this.world.timeline.now) continue;
      timer.happening.cancelled = true;
      timer.happening = this.world.timeline.at(at + ms, run);
    }
  }

  kill(): void {
    this.alive = false;
    this.diedAt = this.world.timeline.now;
    this.held = [];
    for (const timer of this.timers) timer.happening.cancelled = true;
    this.timers.clear();
    this.died();
  }

  /** Timers come late by what the event loop is busy with, and up to a ms early. */
  private arm(spanMs: number, run: () => void): Happening {
    const { random, timeline } = this.world;
    const off = random.chance(0.02) ? random.between(2, 30) : random.between(-0.5, 1.5);
    return timeline.in(Math.max(0.05, spanMs + off), () => this.hand('timer', run));
  }

  private over(timer: Timer, run: () => void, spanMs: number): void {
    if (timer.happening.cancelled || !this.timers.has(timer)) return;
    if (timer.everyMs === null) this.timers.delete(timer);
    else timer.happening = this.arm(spanMs, () => this.over(timer, run, spanMs));
    this.world.trace.add(this.name, 'timer');
    run();
  }

  private hand(kind: Kind, run: () => void): void {
    if (!this.alive) return;
    if (this.pausedBy > 0) this.held.push({ kind, at: this.world.timeline.now, run });
    else run();
  }
}
