/** Sets of small numbers as bits of integers of 31 bits, which V8 keeps without an object. */

/** The lowest member of a set that is at least `from`; -1 when there is none. */
export function bitFrom(set: number, from: number): number {
  const rest = from > 30 ? 0 : (set >> from) << from;
  return rest === 0 ? -1 : 31 - Math.clz32(rest & -rest);
}

/** The highest member of a set that is at most `to`; -1 when there is none. */
export function bitUpTo(set: number, to: number): number {
  const rest = to < 0 ? 0 : set & bitsBelow(to + 1);
  return rest === 0 ? -1 : 31 - Math.clz32(rest);
}

/** The set of all numbers below `end`, which is at most 31. */
export function bitsBelow(end: number): number {
  return end >= 31 ? 0x7fffffff : (1 << end) - 1;
}

export function bitCount(set: number): number {
  let pairs = set - ((set >> 1) & 0x55555555);
  pairs = (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333);
  return (((pairs + (pairs >> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/*
 * The minutes of an hour and the seconds of a minute are sets of 60: `low` holds 0 to 29, `high` 30 to 59.
 */

export function sixtiethFrom(low: number, high: number, from: number): number {
  const below = from < 30 ? bitFrom(low, from) : -1;
  if (below >= 0) return below;
  const above = bitFrom(high, from < 30 ? 0 : from - 30);
  return above < 0 ? -1 : above + 30;
}

export function sixtiethUpTo(low: number, high: number, to: number): number {
  const above = to < 30 ? -1 : bitUpTo(high, to - 30);
  return above < 0 ? bitUpTo(low, to < 30 ? to : 29) : above + 30;
}

/** How many members are below `end`. */
export function sixtiethsBelow(low: number, high: number, end: number): number {
  if (end <= 30) return bitCount(low & bitsBelow(end));
  return bitCount(low) + bitCount(high & bitsBelow(end - 30));
}
