import type { CivilDay } from '../calendar/types';

export const dayMs = 86_400_000;

/** A date of the civil (proleptic Gregorian) calendar. */
interface CivilDate {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
}

export function civilDate(day: CivilDay): CivilDate {
  const index = monthIndexOf(day);
  const year = Math.floor(index / 12);
  return { year, month: index - year * 12 + 1, day: day - firstDayOfMonth(index) + 1 };
}

/** 0 is Sunday. */
export function weekdayOf(day: CivilDay): number {
  const weekday = (day + 4) % 7;
  return weekday < 0 ? weekday + 7 : weekday;
}

/** The civil day of a local time in ms. */
export function dayOf(local: number): CivilDay {
  return Math.floor(local / dayMs);
}

/*
 * Months are counted from January of the year 0, so that one number says year and month. Years begin in March here: the
 * day that leap years add is then the last one (Hinnant, "chrono-compatible low-level date algorithms").
 */

/** The month that a day is in, as months since January of the year 0. */
export function monthIndexOf(day: CivilDay): number {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  return (era * 400 + yearOfEra) * 12 + Math.floor((5 * dayOfYear + 2) / 153) + 2;
}

/** The first day of the month with this index. */
export function firstDayOfMonth(index: number): CivilDay {
  const fromMarch = index - 2;
  const year = Math.floor(fromMarch / 12);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (fromMarch - year * 12) + 2) / 5);
  return (
    era * 146_097 + 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}
