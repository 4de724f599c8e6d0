import type { CronSchedule } from '../job/types';
import { dayMs } from './civil';
import { type CronPattern, searchYears } from './cronPattern';
import { readCron } from './cronReader';
import type { Timetable } from './timetable';
import { movedNote, repeatedNote } from './wallNotes';
import { earliestAt, latestAt, type Zone, zoneOf } from './zone';
import type { ZoneSpan } from './zoneSpans';

const second = 1000;
const searchMs = searchYears * 366 * dayMs;
/** More than any two offsets of a zone differ by: what is a local time apart by more is as far apart in time. */
const slackMs = 2 * dayMs;

/** Compiles a valid cron schedule; throws a RangeError for one that validateSchedule refuses. */
export function cronTimetable(schedule: CronSchedule): CronTimetable {
  const reading = readCron(schedule.cron);
  if (!reading.ok) throw new RangeError(reading.faults.join('; '));
  return new CronTimetable(reading.pattern, zoneOf(schedule.zone), schedule);
}

/**
 * A cron expression in a zone. Between two offset changes the wall clock runs as time does, so each such span is asked
 * for local times that fit; which part of a span counts, and what the gap before it leaves, is the DST policy.
 */
export class CronTimetable implements Timetable {
  /** Wall times in a gap happen at its end. */
  private readonly shift: boolean;
  /** Which instants of a wall time that comes twice count. */
  private readonly firsts: boolean;
  private readonly seconds: boolean;

  constructor(
    private readonly pattern: CronPattern,
    private readonly zone: Zone,
    { dst, repeated }: Pick<CronSchedule, 'dst' | 'repeated'>,
  ) {
    // An expression for every hour follows the elapsed time: nothing is made up for a gap, nothing is left out.
    this.shift = dst === 'shift' && !pattern.everyHour;
    this.firsts = repeated !== 'second' || pattern.everyHour;
    this.seconds = repeated !== 'first' || pattern.everyHour;
  }

  next(after: number): number | null {
    let at = Math.max(Math.floor(after / second) * second + second, earliestAt);
    const limit = Math.min(at + searchMs, latestAt);
    while (at <= limit) {
      const span = this.zone.spanAt(at);
      if (at === span.from && this.movesTo(span)) return at;
      const match = this.pattern.nextLocal(Math.max(at + span.offset, this.localFrom(span)));
      if (match < this.localUntil(span)) return match - span.offset;
      // Until a day or so before the match nothing fits; close to a change the clock may go back to before `at`.
      at = span.until - at > slackMs ? Math.max(span.until, match - span.offset - slackMs) : span.until;
    }
    return null;
  }

  previous(before: number): number | null {
    let at = Math.min(Math.ceil(before / second) * second - second, latestAt);
    const limit = Math.max(at - searchMs, earliestAt);
    while (at >= limit) {
      const span = this.zone.spanAt(at);
      const match = this.pattern.previousLocal(Math.min(at + span.offset, this.localUntil(span) - second));
      if (match >= this.localFrom(span)) return match - span.offset;
      if (this.movesTo(span)) return span.from;
      const last = span.from - second;
      at = at - last > slackMs ? Math.min(last, match - span.offset + slackMs) : last;
    }
    return null;
  }

  count(after: number, until: number): number {
    let at = Math.max(Math.floor(after / second) * second + second, earliestAt);
    const end = Math.min(Math.floor(until / second) * second + second, latestAt);
    let count = 0;
    while (at < end) {
      const span = this.zone.spanAt(at);
      const from = Math.max(at + span.offset, this.localFrom(span));
      const to = Math.min(end + span.offset, this.localUntil(span));
      if (from < to) count += this.pattern.countLocal(from, to);
      if (at === span.from && this.movesTo(span) && !this.fits(span, at)) count += 1;
      at = span.until;
    }
    return count;
  }

  keptBack(): boolean {
    return false;
  }

  note(at: number): string | null {
    const span = this.zone.spanAt(at);
    if (at === span.from && this.movesTo(span)) {
      return movedNote(this.pattern, at + span.before, at + span.offset);
    }
    return repeatedNote(this.zone, at);
  }

  /** Whether an instant of a span fits by itself. */
  private fits(span: ZoneSpan, at: number): boolean {
    return this.pattern.nextLocal(at + span.offset) === at + span.offset;
  }

  /** Whether the gap at the beginning of a span holds wall times that happen there instead. */
  private movesTo(span: ZoneSpan): boolean {
    if (!this.shift || span.offset <= span.before) return false;
    return this.pattern.nextLocal(span.from + span.before) < span.from + span.offset;
  }

  /** The first local time of a span that counts: where it begins with times that have been before, maybe only those after them. */
  private localFrom(span: ZoneSpan): number {
    return span.from + (this.seconds ? span.offset : Math.max(span.offset, span.before));
  }

  /** The end of the local times of a span that count: those that come again after it maybe do not. */
  private localUntil(span: ZoneSpan): number {
    return span.until + (this.firsts ? span.offset : Math.min(span.offset, span.after));
  }
}
