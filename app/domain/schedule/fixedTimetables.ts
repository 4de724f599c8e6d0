import type { EverySchedule, OnceSchedule } from '../job/types';
import type { Timetable } from './timetable';

/** Instants a fixed span apart, counted from the anchor: every host computes the same ones. No clock is involved. */
export class EveryTimetable implements Timetable {
  private readonly everyMs: number;
  private readonly anchor: number;

  constructor({ everyMs, anchorAt }: EverySchedule) {
    this.everyMs = everyMs;
    this.anchor = anchorAt.getTime();
  }

  next(after: number): number {
    return this.anchor + (this.stepAt(after) + 1) * this.everyMs;
  }

  previous(before: number): number {
    return this.anchor + (Math.ceil((before - this.anchor) / this.everyMs) - 1) * this.everyMs;
  }

  count(after: number, until: number): number {
    return Math.max(0, this.stepAt(until) - this.stepAt(after));
  }

  keptBack(): boolean {
    return false;
  }

  note(): null {
    return null;
  }

  private stepAt(at: number): number {
    return Math.floor((at - this.anchor) / this.everyMs);
  }
}

/** A single instant. */
export class OnceTimetable implements Timetable {
  private readonly at: number;

  constructor({ at }: OnceSchedule) {
    this.at = at.getTime();
  }

  next(after: number): number | null {
    return this.at > after ? this.at : null;
  }

  previous(before: number): number | null {
    return this.at < before ? this.at : null;
  }

  count(after: number, until: number): number {
    return this.at > after && this.at <= until ? 1 : 0;
  }

  keptBack(): boolean {
    return false;
  }

  note(): null {
    return null;
  }
}
