const second = 1000;

/** A stretch of time in which a zone's offset is one and the same. */
export interface ZoneSpan {
  /** First instant. It may be a seam between two equal stretches: `before` then equals `offset`. */
  readonly from: number;
  /** First instant after it. */
  readonly until: number;
  /** Local time minus UTC, in ms. */
  readonly offset: number;
  /** The offset just before `from`. */
  readonly before: number;
  /** The offset at `until`. */
  readonly after: number;
}

/**
 * Three days and a bit: no zone has kept an offset for less than 7 days since 1930 (tzdata 2025c), so two looks that see
 * the same offset have nothing between them.
 */
const lookMs = 2 ** 28;

/** The span of time that is looked through at once: a little more than a year. */
export const stretchMs = 2 ** 35;

/** Every change of a zone's offset in one stretch of time, read from Intl; `from` is a multiple of stretchMs. */
export function readSpans(zone: string, from: number): ZoneSpan[] {
  const offsetAt = offsetReader(zone);
  const changes = findChanges(offsetAt, from);
  const starts = [from, ...changes];
  const last = offsetAt(from + stretchMs);
  let before = offsetAt(from - second);
  return starts.map((start, index) => {
    const until = starts[index + 1] ?? from + stretchMs;
    const offset = offsetAt(start);
    const span = { from: start, until, offset, before, after: until === from + stretchMs ? last : offsetAt(until) };
    before = offset;
    return span;
  });
}

type OffsetAt = (at: number) => number;

/** The instants within the stretch, but for its first, from which another offset holds. */
function findChanges(offsetAt: OffsetAt, from: number): number[] {
  const changes: number[] = [];
  let known = offsetAt(from);
  for (let at = from; at < from + stretchMs; at += lookMs) {
    const seen = offsetAt(at + lookMs);
    if (seen === known) continue;
    const change = bisect(offsetAt, at, at + lookMs);
    if (change < from + stretchMs) changes.push(change);
    known = seen;
  }
  return changes;
}

/** The first whole second in (from, until] whose offset is not that of `from`; changes are at whole seconds. */
function bisect(offsetAt: OffsetAt, from: number, until: number): number {
  const offset = offsetAt(from);
  let low = Math.floor(from / second);
  let high = Math.ceil(until / second);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * second) === offset) low = middle;
    else high = middle;
  }
  return high * second;
}

/** The formatter lives as long as its reading: 400 kept ones would cost more memory than all the tables. */
function offsetReader(zone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return at => readOffset(format.format(at));
}

/** `3/31/1843, GMT-04:56:02`: seconds only where a zone kept the sun's time. */
function readOffset(text: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? [];
  const span = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * second;
  return sign === '-' ? -span : span;
}
