/** What a zone's wall clock shows, asked of Intl instant by instant; knows nothing of the engine's own tables. */

export const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Reads a zone's wall clock at an instant, as ms since 1970-01-01 00:00 of that clock. */
export function wallClock(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  // 03/08/2026, 01:59:00
  return at => {
    const text = format.format(at);
    const part = (from: number, to: number) => Number(text.slice(from, to));
    return Date.UTC(part(6, 10), part(0, 2) - 1, part(3, 5), part(12, 14), part(15, 17), part(18, 20));
  };
}

export interface Change {
  /** The first minute with the new offset. */
  at: number;
  before: number;
  after: number;
}

/** Every offset change of a zone in [from, until): a look a day, and a bisection where two differ. */
export function changesOf(zone: string, from: number, until: number): Change[] {
  const clock = wallClock(zone);
  const offset = (at: number) => clock(at) - at;
  const changes: Change[] = [];
  let before = offset(from);
  for (let day = from; day < until; day += dayMs) {
    const after = offset(day + dayMs);
    if (after !== before) changes.push({ at: bisect(offset, day, day + dayMs), before, after });
    before = after;
  }
  return changes;
}

function bisect(offset: (at: number) => number, from: number, until: number): number {
  const before = offset(from);
  let [low, high] = [from, until];
  while (high - low > minuteMs) {
    const middle = low + Math.floor((high - low) / 2 / minuteMs) * minuteMs;
    if (offset(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

interface ZoneChanges {
  zone: string;
  changes: Change[];
}

/** One zone for each set of equal changes; zones that change nothing are left out. */
export function distinctZones(zones: readonly ZoneChanges[]): ZoneChanges[] {
  const distinct = new Map<string, ZoneChanges>();
  for (const one of zones) {
    const key = JSON.stringify(one.changes);
    if (one.changes.length > 0 && !distinct.has(key)) distinct.set(key, one);
  }
  return [...distinct.values()];
}
