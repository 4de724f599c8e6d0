/** What `L`, `L-3`, `LW`, `15W`, `5L` and `MON#2` ask for: days that depend on the month. */
export interface SpecialDays {
  /** Bit n is the day n days before the last: bit 0 is `L`. */
  beforeLast: number;
  /** `LW`. */
  lastWorkday: boolean;
  /** Bit n is `(n+1)W`. */
  nearest: number;
  /** Bit n is the weekday n: `5L`. */
  lastOf: number;
  /** At n - 1 a set of weekdays, bit 0 for Sunday: `1#n`. */
  nth: readonly number[];
}

/** A month as far as its days are concerned. */
interface MonthShape {
  /** 28 to 31. */
  length: number;
  /** Weekday of its first day, 0 for Sunday. */
  firstWeekday: number;
}

const weekdays = [0, 1, 2, 3, 4, 5, 6];

/** Days (bit 0 is the 1st) that the field of days asks for. */
export function specialDaysOfMonth(special: SpecialDays, month: MonthShape): number {
  let days = special.lastWorkday ? workdayNear(month, month.length - 1) : 0;
  for (let day = 0; day < month.length; day += 1) {
    if ((special.beforeLast >> (month.length - 1 - day)) & 1) days |= 1 << day;
    if ((special.nearest >> day) & 1) days |= workdayNear(month, day);
  }
  return days;
}

/** Days (bit 0 is the 1st) that the field of weekdays asks for. */
export function specialWeekdays(special: SpecialDays, { length, firstWeekday }: MonthShape): number {
  let days = 0;
  for (const weekday of weekdays) {
    const first = (weekday - firstWeekday + 7) % 7;
    const last = first + Math.floor((length - 1 - first) / 7) * 7;
    if ((special.lastOf >> weekday) & 1) days |= 1 << last;
    special.nth.forEach((set, index) => {
      const day = first + index * 7;
      if ((set >> weekday) & 1 && day < length) days |= 1 << day;
    });
  }
  return days;
}

/** The day from Monday to Friday nearest to a day and in its month; the day counts from 0. */
function workdayNear({ length, firstWeekday }: MonthShape, day: number): number {
  const weekday = (firstWeekday + day) % 7;
  if (weekday === 6) return 1 << (day === 0 ? 2 : day - 1);
  if (weekday === 0) return 1 << (day === length - 1 ? day - 2 : day + 1);
  return 1 << day;
}
