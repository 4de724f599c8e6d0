import { describe, expect, it } from 'vitest';
import { civilDayOf } from '../../../../app/domain/calendar/civilDay';
import { compileCalendar, dayRuleOf, fits, knownUntil } from '../../../../app/domain/calendar/compile';
import { calendarWarning, daysLeft } from '../../../../app/domain/calendar/end';
import type { CalendarSpec } from '../../../../app/domain/calendar/types';

const day = (date: string) => civilDayOf(date) ?? Number.NaN;
const spec = (over: Partial<CalendarSpec> = {}): CalendarSpec => ({
  ...{ kind: 'dates', zone: 'Asia/Shanghai', weekend: [6, 7], holidays: [], workdays: [] },
  ...over,
});

describe('a calendar of dates', () => {
  const days = compileCalendar(
    spec({
      holidays: [{ date: '2026-10-01', name: '国庆节' }],
      workdays: [{ date: '2026-10-10', name: '' }],
    }),
  );

  it('works on weekdays, and neither on the weekend nor on holidays', () => {
    const worked = ['2026-09-30', '2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04', '2026-10-05'];
    expect(worked.map(date => days.isWorkday(day(date)))).toEqual([true, false, true, false, false, true]);
  });

  it('works on the weekend days that are made up for', () => {
    expect(days.isWorkday(day('2026-10-10'))).toBe(true);
    expect(days.isWorkday(day('2026-10-11'))).toBe(false);
  });

  it('names the days that have a name', () => {
    expect(days.nameOf(day('2026-10-01'))).toBe('国庆节');
    expect(days.nameOf(day('2026-10-10'))).toBeNull();
    expect(days.nameOf(day('2026-10-02'))).toBeNull();
  });

  it('knows weekends of other countries, and none at all', () => {
    const friday = compileCalendar(spec({ weekend: [5, 6] }));
    expect(['2026-10-02', '2026-10-03', '2026-10-04'].map(date => friday.isWorkday(day(date)))).toEqual([
      false,
      false,
      true,
    ]);
    expect(compileCalendar(spec({ weekend: [] })).isWorkday(day('2026-10-04'))).toBe(true);
    expect(compileCalendar(spec({ weekend: [1] })).isWorkday(day('1969-12-29'))).toBe(false);
  });
});

describe('the end of a calendar', () => {
  const listed = spec({ holidays: [{ date: '2026-01-01', name: '' }], workdays: [{ date: '2025-02-08', name: '' }] });

  it('is the end of the last year with a date', () => {
    expect(knownUntil(listed)).toBe(day('2026-12-31'));
    expect(knownUntil(spec())).toBeNull();
  });

  it('is warned of 60 days before, and afterwards', () => {
    const at = (date: string) => calendarWarning(listed, Date.parse(date));
    expect(at('2026-11-01T23:59:59Z')).toMatch(/^no data for 2027: from 2027-01-01 on/);
    expect(at('2026-10-31T00:00:00Z')).toBeNull();
    expect(at('2028-01-01T00:00:00Z')).toMatch(/^no data for 2027/);
    expect(calendarWarning(spec(), Date.parse('2030-01-01T00:00:00Z'))).toBeNull();
  });

  it('is counted in days', () => {
    expect(daysLeft(day('2026-12-31'), Date.parse('2026-12-01T12:00:00Z'))).toBe(30);
    expect(daysLeft(day('2026-12-31'), Date.parse('2027-01-02T12:00:00Z'))).toBe(-2);
  });
});

describe("a job's calendar", () => {
  const calendars = new Map([['cn', compileCalendar(spec())]]);

  it('judges days by what the job runs on', () => {
    const rule = (on: 'workdays' | 'holidays') => dayRuleOf({ name: 'cn', on, outside: 'skip' }, calendars);
    const [workdays, holidays] = [rule('workdays'), rule('holidays')];
    expect(workdays !== null && fits(workdays, day('2026-10-05'))).toBe(true);
    expect(holidays !== null && fits(holidays, day('2026-10-05'))).toBe(false);
    expect(holidays !== null && fits(holidays, day('2026-10-04'))).toBe(true);
  });

  it('is no rule where every day fits', () => {
    expect(dayRuleOf(null, calendars)).toBeNull();
    expect(dayRuleOf({ name: 'cn', on: 'all', outside: 'next' }, calendars)).toBeNull();
  });
});
