import type { CivilDay } from './types';

const dayMs = 86_400_000;

/** The day of a date such as `2026-10-01`; null where it is not written so or there is no such date (2026-02-30). */
export function civilDayOf(date: string): CivilDay | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (parts === null) return null;
  const day = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) / dayMs;
  return dateOf(day) === date ? day : null;
}

/** `2026-10-01` */
export function dateOf(day: CivilDay): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** 1 (Monday) to 7 (Sunday). */
export function isoWeekday(day: CivilDay): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** The 31 December of the day's year. */
export function lastOfYear(day: CivilDay): CivilDay {
  return Date.UTC(new Date(day * dayMs).getUTCFullYear(), 11, 31) / dayMs;
}
