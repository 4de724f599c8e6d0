import type { Timetable } from '../schedule';

/** What one backfill may hold. */
export const mostOccurrences = 1000;
/** Beyond the limit the occurrences are counted, but not further than this: every one costs time. */
const countedAtMost = 20_000;

/** The occurrences of a span, or how many there are where they are too many; `more` says that there are more yet. */
export type SpanOccurrences = { type: 'all'; at: number[] } | { type: 'tooMany'; count: number; more: boolean };

/** The occurrences in [from, to) that run, oldest first: not those that the calendar keeps back. */
export function occurrencesIn(table: Timetable, from: number, to: number): SpanOccurrences {
  const at: number[] = [];
  let looked = 0;
  let next = table.next(from - 1);
  for (; next !== null && next < to && looked < countedAtMost; next = table.next(next)) {
    looked += 1;
    if (!table.keptBack(next)) at.push(next);
  }
  const more = next !== null && next < to;
  return at.length <= mostOccurrences && !more ? { type: 'all', at } : { type: 'tooMany', count: at.length, more };
}
