import { expect, it } from 'vitest';
import { civilDate, dayMs, firstDayOfMonth, monthIndexOf, weekdayOf } from '../../../../app/domain/schedule/civil';

it('reckons dates as Date does in UTC, for every day of the years 1600 to 2399', () => {
  const wrong: number[] = [];
  const last = Date.UTC(2400, 0, 1) / dayMs;
  for (let day = Date.UTC(1600, 0, 1) / dayMs; day < last; day += 1) {
    const date = new Date(day * dayMs);
    const { year, month, day: dayOfMonth } = civilDate(day);
    const isSame = date
      .toISOString()
      .startsWith(`${year}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}T`);
    if (!isSame || weekdayOf(day) !== date.getUTCDay()) wrong.push(day);
    if (firstDayOfMonth(monthIndexOf(day)) !== day - dayOfMonth + 1) wrong.push(day);
  }
  expect(wrong).toEqual([]);
});
