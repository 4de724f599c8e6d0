import type { Timetable } from './timetable';

/** The instants of a timetable from a first one on (startAt) and before an end (endAt). */
export class BoundedTimetable implements Timetable {
  constructor(
    private readonly inner: Timetable,
    private readonly start: number,
    private readonly end: number,
  ) {}

  next(after: number): number | null {
    return this.inside(this.inner.next(Math.max(after, this.start - 1)));
  }

  previous(before: number): number | null {
    return this.inside(this.inner.previous(Math.min(before, this.end)));
  }

  count(after: number, until: number): number {
    const from = Math.max(after, this.start - 1);
    const to = Math.min(until, this.end - 1);
    return from < to ? this.inner.count(from, to) : 0;
  }

  keptBack(at: number): boolean {
    return this.inner.keptBack(at);
  }

  note(at: number): string | null {
    return this.inner.note(at);
  }

  private inside(at: number | null): number | null {
    return at !== null && at >= this.start && at < this.end ? at : null;
  }
}
