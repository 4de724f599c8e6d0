import type { DayRule } from '../calendar/types';
import { dayText, keptBackNote, movedNote } from './calendarNotes';
import { dayMs } from './civil';
import { type DayMoves, furthestDays, type Move } from './dayMoves';
import type { LocalDays } from './localDays';
import type { Timetable } from './timetable';
import { earliestAt, latestAt } from './zone';

/** Further than any occurrence goes. */
const furthestMs = (furthestDays + 2) * dayMs;
/** Between them every instant that a search may meet is one that zones are known for. */
const firstAt = earliestAt + furthestMs;
const lastAt = latestAt - furthestMs;

/**
 * The instants of a timetable of which those on days that do not fit go to another day. Nothing is listed: a question
 * looks at the instants between the nearest open days (no occurrence goes past one) and at where they go.
 */
export class MovedTimetable implements Timetable {
  private readonly later: boolean;

  constructor(
    private readonly inner: Timetable,
    private readonly days: LocalDays,
    private readonly moves: DayMoves,
    private readonly rule: DayRule,
  ) {
    this.later = rule.outside === 'next';
  }

  next(given: number): number | null {
    const after = Math.max(given, firstAt);
    if (after >= lastAt) return null;
    let best: number | null = null;
    let limit = Number.POSITIVE_INFINITY;
    const from = this.later ? this.reachesPast(after) : after + 1;
    for (let at = this.inner.next(from - 1); at !== null && at < limit; ) {
      const segment = this.days.segmentAt(at);
      for (const move of this.moves.of(segment)) {
        const found = this.firstOf(move, after);
        if (found === null || (best !== null && found >= best)) continue;
        best = found;
        limit = this.later ? best : Math.min(limit, this.reachesBefore(best));
      }
      at = this.inner.next(segment.until - 1);
    }
    return best;
  }

  previous(given: number): number | null {
    const before = Math.min(given, lastAt);
    if (before <= firstAt) return null;
    let best: number | null = null;
    let limit = Number.NEGATIVE_INFINITY;
    const until = this.later ? before : this.reachesBefore(before);
    for (let at = this.inner.previous(until); at !== null && at >= limit; ) {
      const segment = this.days.segmentAt(at);
      for (const move of this.moves.of(segment)) {
        const found = this.lastOf(move, before);
        if (found === null || (best !== null && found <= best)) continue;
        best = found;
        limit = this.later ? Math.max(limit, this.reachesPast(best)) : best + 1;
      }
      at = this.inner.previous(segment.from);
    }
    return best;
  }

  count(after: number, until: number): number {
    let count = 0;
    for (let at = this.next(after); at !== null && at <= until; ) {
      const end = Math.min(until, this.quietUntil(at));
      count += end > at ? this.inner.count(at - 1, end) : 1;
      at = this.next(Math.max(at, end));
    }
    return count;
  }

  /** Of an occurrence: only what fits on no day is left where it does not fit. */
  keptBack(at: number): boolean {
    return !this.days.fitsAt(at);
  }

  note(at: number): string | null {
    if (this.keptBack(at)) {
      const day = dayText(this.rule, this.days.judgedAt(at));
      const where = this.later ? 'follows' : 'comes before';
      return `${keptBackNote(this.rule, day)}, and none ${where} within ${furthestDays} days`;
    }
    if (this.inner.next(at - 1) === at) return this.inner.note(at);
    const days = this.sourcesOf(at);
    return days.length === 0 ? null : movedNote(days);
  }

  /** The days, as text, whose occurrences go to this instant. */
  private sourcesOf(at: number): string[] {
    const days = new Set<string>();
    const [from, until] = this.later ? [this.reachesPast(at - 1), at] : [at + 1, this.reachesBefore(at + 1)];
    for (let source = this.inner.next(from - 1); source !== null && source < until; ) {
      const segment = this.days.segmentAt(source);
      const comes = this.moves.of(segment).some(move => this.firstOf(move, at - 1) === at);
      if (comes) days.add(dayText(this.rule, segment.judged));
      source = this.inner.next(segment.until - 1);
    }
    return [...days];
  }

  /** Where the first instant of a move goes that goes to one later than `after`. */
  private firstOf({ from, until, shift, fixed }: Move, after: number): number | null {
    if (fixed !== null && fixed <= after) return null;
    const at = this.inner.next(fixed === null ? Math.max(from - 1, after - shift) : from - 1);
    return at !== null && at < until ? (fixed ?? at + shift) : null;
  }

  /** Where the last instant of a move goes that goes to one earlier than `before`. */
  private lastOf({ from, until, shift, fixed }: Move, before: number): number | null {
    if (fixed !== null && fixed >= before) return null;
    const at = this.inner.previous(fixed === null ? Math.min(until, before - shift) : until);
    return at !== null && at >= from ? (fixed ?? at + shift) : null;
  }

  /** No instant before this one goes later than `at`. */
  private reachesPast(at: number): number {
    const target = this.days.reachableFrom(this.days.dayAt(at) - 1, 1, furthestDays + 1);
    return target === null ? at + 1 : Math.max(this.openUntil(at), (target - furthestDays - 1) * dayMs);
  }

  /** No instant from this one on goes earlier than `at`. */
  private reachesBefore(at: number): number {
    const target = this.days.reachableFrom(this.days.dayAt(at) + 1, -1, furthestDays + 1);
    return target === null ? at : Math.min(this.openFrom(at), (target + furthestDays + 2) * dayMs);
  }

  /** The end of the nearest open day that ends at or before `at`. */
  private openUntil(at: number): number {
    const day = this.days.dayAt(at);
    for (let distance = 1; distance <= furthestDays + 1; distance++) {
      const found = this.days.localDay(day - distance);
      if (found?.open && found.until <= at) return found.until;
    }
    return at - furthestMs;
  }

  /** The beginning of the nearest open day that begins at or after `at`. */
  private openFrom(at: number): number {
    const day = this.days.dayAt(at);
    for (let distance = 1; distance <= furthestDays + 1; distance++) {
      const found = this.days.localDay(day + distance);
      if (found?.open && found.from >= at) return found.from;
    }
    return at + furthestMs;
  }

  /** The last instant of the day of `at`, where nothing comes into that day and nothing leaves it; else `at`. */
  private quietUntil(at: number): number {
    const day = this.days.dayAt(at);
    const own = this.days.localDay(day);
    const neighbour = this.days.localDay(this.later ? day - 1 : day + 1);
    return own?.open && neighbour?.open ? own.until - 1 : at;
  }
}
