import { describe, expect, it } from 'vitest';
import { civilDayOf, dateOf, isoWeekday } from '../../../../../app/domain/calendar/civilDay';
import { compileCalendar, knownUntil } from '../../../../../app/domain/calendar/compile';
import { china } from '../../../../../app/domain/calendar/kinds/china';
import type { CalendarSpec } from '../../../../../app/domain/calendar/types';

const spec: CalendarSpec = { kind: 'china', zone: 'Asia/Shanghai', weekend: [6, 7], holidays: [], workdays: [] };
const day = (date: string) => civilDayOf(date) ?? Number.NaN;

describe('the calendar of China', () => {
  const days = compileCalendar(spec);

  it('rests on national day and works on the weekend before and after', () => {
    expect(days.isWorkday(day('2026-10-01'))).toBe(false);
    expect(days.nameOf(day('2026-10-01'))).toBe('国庆节');
    expect(['2026-09-20', '2026-10-10'].map(date => isoWeekday(day(date)))).toEqual([7, 6]);
    expect(['2026-09-20', '2026-10-10'].map(date => days.isWorkday(day(date)))).toEqual([true, true]);
    expect(days.isWorkday(day('2026-10-08'))).toBe(true);
    expect(days.isWorkday(day('2026-10-11'))).toBe(false);
  });

  it('says up to which year it knows', () => {
    expect(dateOf(knownUntil(spec) ?? 0)).toBe('2026-12-31');
  });

  it('lets a calendar put its own days over those of the kind', () => {
    const own = compileCalendar({
      ...spec,
      holidays: [{ date: '2026-10-10', name: 'moving house' }],
      workdays: [{ date: '2026-10-01', name: '' }],
    });
    expect([own.isWorkday(day('2026-10-10')), own.isWorkday(day('2026-10-01'))]).toEqual([false, true]);
    expect(dateOf(knownUntil({ ...spec, holidays: [{ date: '2027-01-01', name: '' }] }) ?? 0)).toBe('2027-12-31');
  });

  it('has real dates only, none of them both rest and work, in every year since 2004', () => {
    const rest = china.holidays.map(({ date }) => date);
    const work = china.workdays.map(({ date }) => date);
    expect([...rest, ...work].filter(date => civilDayOf(date) === null)).toEqual([]);
    expect(rest.filter(date => work.includes(date))).toEqual([]);
    expect(work.filter(date => isoWeekday(day(date)) < 6)).toEqual([]);
    const years = new Set(rest.map(date => Number(date.slice(0, 4))));
    expect(Math.min(...years)).toBe(2004);
    expect(years.size).toBe(Math.max(...years) - 2003);
    expect([...china.holidays, ...china.workdays].filter(({ name }) => name === '')).toEqual([]);
  });
});
