import { describe, expect, it } from 'vitest';
import { jitterOf } from '../../../../app/domain/schedule';

const at = Date.parse('2026-11-21T01:10:00Z');

describe('jitterOf', () => {
  it('is the same wherever and whenever it is asked for', () => {
    expect(jitterOf('online-404', at, 30_000)).toBe(jitterOf('online-404', at, 30_000));
    expect(jitterOf('online-404', at, 30_000)).toBe(12_897);
  });

  it('differs between jobs and between occurrences', () => {
    expect(jitterOf('online-405', at, 30_000)).not.toBe(jitterOf('online-404', at, 30_000));
    expect(jitterOf('online-404', at + 1000, 30_000)).not.toBe(jitterOf('online-404', at, 30_000));
  });

  it('is nothing where none is asked for', () => expect(jitterOf('online-404', at, 0)).toBe(0));

  it('spreads jobs that are due at once evenly over the span, and stays below it', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let job = 0; job < 10_000; job += 1) {
      const tenth = Math.floor(jitterOf(`job-${job}`, at, 5000) / 500);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
