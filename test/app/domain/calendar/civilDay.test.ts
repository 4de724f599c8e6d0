import { expect, it } from 'vitest';
import { civilDayOf, dateOf, isoWeekday, lastOfYear } from '../../../../app/domain/calendar/civilDay';

it('a day is counted from 1970-01-01, and comes back as its date', () => {
  expect(civilDayOf('1970-01-01')).toBe(0);
  expect(civilDayOf('2026-10-01')).toBe(20_727);
  expect(dateOf(20_727)).toBe('2026-10-01');
  expect(civilDayOf('1969-12-31')).toBe(-1);
});

it('there is no day for a date that does not exist or is written otherwise', () => {
  for (const date of ['2026-02-30', '2026-13-01', '2026-2-1', '20261001', '2026-10-01T00:00:00Z', '']) {
    expect(civilDayOf(date)).toBeNull();
  }
  expect(civilDayOf('2028-02-29')).not.toBeNull();
});

it('weekdays run from Monday 1 to Sunday 7, also before 1970', () => {
  expect(isoWeekday(0)).toBe(4);
  expect(isoWeekday(20_727)).toBe(4);
  expect(isoWeekday(-4)).toBe(7);
  expect(isoWeekday(-3)).toBe(1);
});

it('a year ends on its 31 December', () => {
  expect(dateOf(lastOfYear(20_727))).toBe('2026-12-31');
});
