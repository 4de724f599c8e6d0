import type { CivilDay } from '../calendar/types';
import { dayMs, dayOf } from './civil';
import { type Zone, zoneOf } from './zone';

/** The clock by which wall times are kept when an occurrence goes to another day. */
export interface WallClock {
  zone: string;
  dst: 'skip' | 'shift';
  repeated: 'first' | 'second' | 'both';
}

/** A stretch of time in which the clock's date and offset and the date that the calendar judges are each the same. */
export interface Segment {
  readonly from: number;
  /** First instant after it. */
  readonly until: number;
  /** The date on the clock. */
  readonly day: CivilDay;
  /** The clock's local time minus UTC, in ms. */
  readonly offset: number;
  /** The date in the calendar's zone. */
  readonly judged: CivilDay;
  readonly fits: boolean;
}

/** Times of one day on the clock, from the first to the one after the last in ms of the day, and where they are. */
export interface Cell {
  readonly from: number;
  readonly until: number;
  /** The instant of the time 0 by this cell's offset. */
  readonly midnight: number;
  /** Set where these times do not exist: the instant that stands for all of them. */
  readonly fixed: number | null;
  /** Whether an occurrence may come here from another day. */
  readonly fits: boolean;
}

/** A date on the clock. */
export interface LocalDay {
  readonly from: number;
  readonly until: number;
  /** Cells of all times of the day, in order. */
  readonly cells: readonly Cell[];
  /** Whether an occurrence of another day may come here at some time. */
  readonly reachable: boolean;
  /** Every time exists and fits and nothing else lies between: no occurrence leaves the day or goes past it. */
  readonly open: boolean;
}

/** No date begins or ends further from its UTC date. */
const widestOffset = 16 * 3_600_000;
/** More than the days that one search looks at. */
const daysKept = 1024;

/** The days of a clock as a calendar judges them, which may have a zone of its own. */
export class LocalDays {
  private readonly zone: Zone;
  private readonly judge: Zone;
  private readonly days = new Map<CivilDay, LocalDay | null>();
  /** A run of dates, both ends included, to which no occurrence can come: a year of them is passed at once. */
  private barren = { from: 0, until: -1 };

  constructor(
    private readonly clock: WallClock,
    judgeZone: string,
    private readonly dayFits: (day: CivilDay) => boolean,
  ) {
    this.zone = zoneOf(clock.zone);
    this.judge = zoneOf(judgeZone);
  }

  /** The date in the calendar's zone. */
  judgedAt(at: number): CivilDay {
    return dayOf(at + this.judge.offsetAt(at));
  }

  fitsAt(at: number): boolean {
    return this.dayFits(this.judgedAt(at));
  }

  /** The date on the clock. */
  dayAt(at: number): CivilDay {
    return dayOf(at + this.zone.offsetAt(at));
  }

  segmentAt(at: number): Segment {
    const span = this.zone.spanAt(at);
    const day = dayOf(at + span.offset);
    const judgeSpan = this.judge.spanAt(at);
    const judged = dayOf(at + judgeSpan.offset);
    return {
      from: Math.max(span.from, day * dayMs - span.offset, judgeSpan.from, judged * dayMs - judgeSpan.offset),
      until: Math.min(
        span.until,
        (day + 1) * dayMs - span.offset,
        judgeSpan.until,
        (judged + 1) * dayMs - judgeSpan.offset,
      ),
      day,
      offset: span.offset,
      judged,
      fits: this.dayFits(judged),
    };
  }

  /** The nearest date from `day` on, towards later (1) or earlier (−1) ones, to which occurrences may come; null beyond `most` days. */
  reachableFrom(day: CivilDay, step: 1 | -1, most: number): CivilDay | null {
    for (let at = day; Math.abs(at - day) <= most; at += step) {
      if (at >= this.barren.from && at <= this.barren.until) at = step > 0 ? this.barren.until : this.barren.from;
      else if (this.localDay(at)?.reachable) return at;
      else this.extendBarren(at);
    }
    return null;
  }

  /** Null for a date that the clock never shows (Samoa had no 30 December 2011). */
  localDay(day: CivilDay): LocalDay | null {
    const known = this.days.get(day);
    if (known !== undefined) return known;
    if (this.days.size >= daysKept) this.days.clear();
    const built = this.build(day);
    this.days.set(day, built);
    return built;
  }

  private extendBarren(day: CivilDay): void {
    if (day === this.barren.from - 1) this.barren.from = day;
    else if (day === this.barren.until + 1) this.barren.until = day;
    else this.barren = { from: day, until: day };
  }

  private build(day: CivilDay): LocalDay | null {
    const segments: Segment[] = [];
    const end = (day + 1) * dayMs + widestOffset;
    for (let at = day * dayMs - widestOffset; at < end; ) {
      const segment = this.segmentAt(at);
      if (segment.day === day) segments.push(segment);
      at = segment.until;
    }
    const [first] = segments;
    const last = segments.at(-1);
    if (first === undefined || last === undefined) return null;
    const cells = this.cellsOf(day, segments, last.until);
    const closed = cells.some(cell => cell.fixed !== null || !cell.fits) || segments.some(segment => !segment.fits);
    const apart = segments.some((segment, index) => index > 0 && segments[index - 1]?.until !== segment.from);
    const reachable = cells.some(cell => cell.fits);
    return { from: first.from, until: last.until, cells, reachable, open: !closed && !apart };
  }

  private cellsOf(day: CivilDay, segments: readonly Segment[], until: number): Cell[] {
    const placed = segments.map(segment => {
      const midnight = day * dayMs - segment.offset;
      return { segment, midnight, from: segment.from - midnight, until: segment.until - midnight };
    });
    const edges = [...new Set([0, dayMs, ...placed.flatMap(({ from, until }) => [from, until])])].sort((a, b) => a - b);
    return edges.slice(0, -1).map((from, index) => {
      const to = edges[index + 1] ?? dayMs;
      const there = placed.filter(part => part.from <= from && part.until >= to);
      const chosen = this.clock.repeated === 'second' ? there.at(-1) : there[0];
      if (chosen !== undefined) {
        return { from, until: to, midnight: chosen.midnight, fixed: null, fits: chosen.segment.fits };
      }
      const fixed = placed.find(part => part.from >= to)?.segment.from ?? until;
      return { from, until: to, midnight: 0, fixed, fits: this.clock.dst === 'shift' && this.fitsAt(fixed) };
    });
  }
}
