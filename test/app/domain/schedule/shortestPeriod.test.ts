import { describe, expect, it } from 'vitest';
import { timetable } from '../../../../app/domain/schedule';
import { shortestPeriodMs } from '../../../../app/domain/schedule/shortestPeriod';

const cron = (text: string) => ({
  cron: text,
  zone: 'Europe/Berlin',
  dst: 'shift' as const,
  repeated: 'both' as const,
});
/** The night in which the clocks go forward, and the one in which they go back. */
const nights = ['2026-03-29T00:00:00Z', '2026-10-25T00:00:00Z'].map(Date.parse);
const nightMs = 3 * 3_600_000;

describe('The shortest period of a schedule', () => {
  it.each([
    { schedule: cron('* * * * *'), expected: 60_000 },
    { schedule: cron('30 2,3 * * *'), expected: 60_000 },
    { schedule: cron('@hourly'), expected: 60_000 },
    { schedule: cron('* * * * * *'), expected: 1000 },
    { schedule: cron(' 1 0 2,3  * * *'), expected: 1000 },
    { schedule: { everyMs: 7000, anchorAt: new Date(0) }, expected: 7000 },
  ])('is no longer than the time between any two instants: $expected ms', ({ schedule, expected }) => {
    expect(shortestPeriodMs(schedule)).toBe(expected);
    const table = timetable(schedule);
    for (const night of nights) {
      let last = table.next(night);
      for (let steps = 0; steps < 20_000 && last !== null && last < night + nightMs; steps += 1) {
        const next = table.next(last);
        if (next !== null) expect(next - last).toBeGreaterThanOrEqual(expected);
        last = next;
      }
    }
  });

  it('is endless where there is one instant', () => {
    expect(shortestPeriodMs({ at: new Date(0) })).toBe(Number.POSITIVE_INFINITY);
  });
});
