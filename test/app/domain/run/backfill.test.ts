import { describe, expect, it } from 'vitest';
import { mostOccurrences, occurrencesIn } from '../../../../app/domain/run/backfill';
import { timetable } from '../../../../app/domain/schedule';

const everySecond = timetable({ everyMs: 1000, anchorAt: new Date(0) });

describe('occurrencesIn', () => {
  it('holds the first instant of the span and not its end', () => {
    expect(occurrencesIn(everySecond, 2000, 5000)).toEqual({ type: 'all', at: [2000, 3000, 4000] });
  });

  it('leaves out what a calendar keeps back', () => {
    const table = {
      ...everySecond,
      next: (after: number) => everySecond.next(after),
      keptBack: (at: number) => at === 3000,
    };
    expect(occurrencesIn(table, 2000, 5000)).toEqual({ type: 'all', at: [2000, 4000] });
  });

  it('takes exactly as many as one backfill may hold', () => {
    expect(occurrencesIn(everySecond, 0, mostOccurrences * 1000)).toMatchObject({ type: 'all' });
    const more = { type: 'tooMany', count: mostOccurrences + 1, more: false };
    expect(occurrencesIn(everySecond, 0, mostOccurrences * 1000 + 1)).toEqual(more);
  });

  it('stops to count where there are far too many', () => {
    expect(occurrencesIn(everySecond, 0, Number.MAX_SAFE_INTEGER)).toEqual({
      type: 'tooMany',
      count: 20_000,
      more: true,
    });
  });
});
