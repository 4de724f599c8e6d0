import { readSpans, stretchMs, type ZoneSpan } from './zoneSpans';

const hour = 3_600_000;
/** No zone is, or ever was, further from UTC. */
const widestOffset = 16 * hour;
/** Stretches of a zone kept at once; far more than the years that schedules look at. */
const stretchesKept = 256;
/** More than the names that Intl knows, links included. */
const namesKept = 1024;

/** The times that schedules are walked in: the years 1 to 9999. */
export const earliestAt = Date.parse('0001-01-01T00:00:00Z');
export const latestAt = Date.UTC(9999, 11, 31);

/** The instants at which the clocks of a zone show one wall time. */
export interface WallInstants {
  /** The (first) instant; for a wall time that does not exist, the first instant after the gap. */
  first: number;
  /** The second instant, where the clocks show this time twice. */
  second: number | null;
  /** Whether the wall time does not exist. */
  inGap: boolean;
}

/**
 * The offset changes of one zone, read from Intl when a time is first asked about and then kept. Local times are
 * written as ms since 1970-01-01 00:00 of the wall clock, so `local = instant + offset`.
 */
export class Zone {
  private readonly stretches = new Map<number, ZoneSpan[]>();
  private latest: ZoneSpan = { from: 0, until: 0, offset: 0, before: 0, after: 0 };

  constructor(readonly name: string) {}

  /** The stretch of equal offset that an instant is in. */
  spanAt(at: number): ZoneSpan {
    if (at < this.latest.from || at >= this.latest.until) this.latest = this.find(at);
    return this.latest;
  }

  /** Local time minus UTC at an instant, in ms. */
  offsetAt(at: number): number {
    return this.spanAt(at).offset;
  }

  /** The instants of a wall time. */
  instants(local: number): WallInstants {
    const found: number[] = [];
    let gapEnd = local;
    for (
      let span = this.spanAt(local - widestOffset);
      span.from <= local + widestOffset;
      span = this.spanAt(span.until)
    ) {
      if (local >= span.from + span.before && local < span.from + span.offset) gapEnd = span.from;
      if (local >= span.from + span.offset && local < span.until + span.offset) found.push(local - span.offset);
    }
    const [first, second] = found;
    return { first: first ?? gapEnd, second: second ?? null, inGap: first === undefined };
  }

  private find(at: number): ZoneSpan {
    const from = Math.floor(at / stretchMs) * stretchMs;
    const spans = this.stretches.get(from) ?? this.read(from);
    const span = spans.find(({ until }) => at < until);
    if (span === undefined) throw new RangeError(`${at} is not a time that zones are known for`);
    return span;
  }

  private read(from: number): ZoneSpan[] {
    if (this.stretches.size >= stretchesKept) this.stretches.clear();
    const spans = readSpans(this.name, from);
    this.stretches.set(from, spans);
    return spans;
  }
}

/** Facts that never change while the process lives, kept once for all schedules; a zone's names share its table. */
const zones = new Map<string, Zone>();

/** The table of a zone by its IANA name; throws a RangeError for a name that Intl does not know. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const canonical = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  if (zones.size >= namesKept) zones.clear();
  const zone = zones.get(canonical) ?? new Zone(canonical);
  zones.set(canonical, zone);
  zones.set(name, zone);
  return zone;
}
