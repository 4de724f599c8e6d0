import type { CivilDay } from '../calendar/types';
import { dayMs } from './civil';
import type { Cell, LocalDays, Segment } from './localDays';

/** Instants of a segment that go the same way. */
export interface Move {
  readonly from: number;
  /** First instant after them. */
  readonly until: number;
  /** What is added to each of them; 0 for those that stay. */
  readonly shift: number;
  /** The one instant that all of them go to, where their wall times do not exist on that day. */
  readonly fixed: number | null;
}

/** An occurrence goes at most this many days; one that fits on none of them is kept back. */
export const furthestDays = 366;
/** More than one search meets. */
const segmentsKept = 2048;

/** Where the instants of days that do not fit go: the same wall time on the nearest day that fits. */
export class DayMoves {
  private readonly known = new Map<number, readonly Move[]>();

  /** `step` is 1 towards later days, −1 towards earlier ones. */
  constructor(
    private readonly days: LocalDays,
    private readonly step: 1 | -1,
  ) {}

  /** All instants of the segment, each in one move. */
  of(segment: Segment): readonly Move[] {
    if (segment.fits) return [{ from: segment.from, until: segment.until, shift: 0, fixed: null }];
    const known = this.known.get(segment.from);
    if (known !== undefined) return known;
    if (this.known.size >= segmentsKept) this.known.clear();
    const moves = this.search(segment);
    this.known.set(segment.from, moves);
    return moves;
  }

  private search(segment: Segment): Move[] {
    const midnight = segment.day * dayMs - segment.offset;
    const moves: Move[] = [];
    let open = [{ from: segment.from - midnight, until: segment.until - midnight }];
    let target = this.targetFrom(segment.day, segment.day);
    for (; target !== null && open.length > 0; target = this.targetFrom(segment.day, target)) {
      const cells = this.days.localDay(target)?.cells ?? [];
      const parts = open.flatMap(times => cells.flatMap(cell => partIn(cell, times)));
      for (const { cell, from, until } of parts.filter(part => part.cell.fits)) {
        const shift = cell.fixed === null ? cell.midnight - midnight : 0;
        moves.push({ from: midnight + from, until: midnight + until, shift, fixed: cell.fixed });
      }
      open = parts.filter(part => !part.cell.fits);
    }
    const kept = open.map(({ from, until }) => ({ from: midnight + from, until: midnight + until }));
    return [...moves, ...kept.map(times => ({ ...times, shift: 0, fixed: null }))];
  }

  /** The next day after `day` to which occurrences of `origin` may come. */
  private targetFrom(origin: CivilDay, day: CivilDay): CivilDay | null {
    const left = furthestDays - Math.abs(day - origin);
    return left === 0 ? null : this.days.reachableFrom(day + this.step, this.step, left - 1);
  }
}

interface Times {
  from: number;
  until: number;
}

function partIn(cell: Cell, times: Times): (Times & { cell: Cell })[] {
  const from = Math.max(cell.from, times.from);
  const until = Math.min(cell.until, times.until);
  return from < until ? [{ cell, from, until }] : [];
}
