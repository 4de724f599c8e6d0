import { describe, expect, it } from 'vitest';
import { dueOccurrences, timetable } from '../../../../app/domain/schedule';

const everySecond = timetable({ everyMs: 1000, anchorAt: new Date(0) });
const due = (options: { after: number; now: number; graceMs?: number; misfire?: 'last' | 'skip' }) =>
  dueOccurrences({
    table: everySecond,
    after: options.after,
    now: options.now,
    graceMs: options.graceMs ?? 3000,
    misfire: options.misfire ?? 'last',
  });

describe('dueOccurrences', () => {
  it('runs everything within the grace span, oldest first', () => {
    expect(due({ after: 6000, now: 9500 })).toEqual([7000, 8000, 9000]);
  });

  it('runs of what is older only the last, by the policy `last`', () => {
    expect(due({ after: 0, now: 20_500 })).toEqual([17_000, 18_000, 19_000, 20_000]);
  });

  it('runs nothing older by the policy `skip`', () => {
    expect(due({ after: 0, now: 20_500, misfire: 'skip' })).toEqual([18_000, 19_000, 20_000]);
  });

  it('never goes back to what is settled', () => {
    expect(due({ after: 20_000, now: 20_500 })).toEqual([]);
  });

  it('counts an occurrence as due at its very instant', () => {
    expect(due({ after: 19_000, now: 20_000 })).toEqual([20_000]);
  });
});
