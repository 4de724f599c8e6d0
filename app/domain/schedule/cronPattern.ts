import { bitCount, bitFrom, bitsBelow, bitUpTo } from './bits';
import { dayMs, dayOf, firstDayOfMonth, monthIndexOf, weekdayOf } from './civil';
import { type SpecialDays, specialDaysOfMonth, specialWeekdays } from './specialDays';
import { type TimeSets, TimesOfDay } from './timesOfDay';

/** The sets of an expression's fields; bit 0 is the lowest value of a field, so the 1st, January and Sunday. */
export interface CronSets extends TimeSets {
  days: number;
  months: number;
  weekdays: number;
  special: SpecialDays | null;
  /** Days and weekdays are both restricted: a day that fits either is meant. */
  either: boolean;
  /** The field of hours is `*` or a step of it: the expression follows the elapsed time, not the wall clock. */
  everyHour: boolean;
}

/** The rarest date there is, a 29 February on a given weekday, comes back after at most 40 years. */
export const searchYears = 50;
const searchMonths = searchYears * 12;
/** Dates repeat after 400 years. */
const cycleMonths = 4800;

/**
 * A read expression, walked on the wall clock alone: local times in ms, as if no clock were ever changed. 200,000 of
 * them are held at once, so it is numbers only; what it remembers of the last month looked at is what makes it quick.
 */
export class CronPattern extends TimesOfDay {
  private readonly days: number;
  private readonly months: number;
  private readonly weekdays: number;
  private readonly special: SpecialDays | null;
  private readonly either: boolean;
  readonly everyHour: boolean;
  private monthFirst = 0;
  private monthLength = 0;
  private monthDays = 0;

  constructor(sets: CronSets) {
    super(sets);
    this.days = sets.days;
    this.months = sets.months;
    this.weekdays = sets.weekdays;
    this.special = sets.special;
    this.either = sets.either;
    this.everyHour = sets.everyHour;
  }

  /** The first local time that fits and is not before `from`; Infinity when none comes within the search. */
  nextLocal(from: number): number {
    const day = dayOf(from);
    if (this.hasDay(day)) {
      const time = this.timeFrom((from - day * dayMs) / 1000);
      if (time >= 0) return day * dayMs + time * 1000;
    }
    const next = this.dayFrom(day + 1);
    return next * dayMs + this.timeFrom(0) * 1000;
  }

  /** The last local time that fits and is not after `to`; -Infinity when none comes within the search. */
  previousLocal(to: number): number {
    const day = dayOf(to);
    if (this.hasDay(day)) {
      const time = this.timeUpTo((to - day * dayMs) / 1000);
      if (time >= 0) return day * dayMs + time * 1000;
    }
    const previous = this.dayUpTo(day - 1);
    return previous * dayMs + this.timeUpTo(86_399) * 1000;
  }

  /** How many local times in [from, until) fit. */
  countLocal(from: number, until: number): number {
    const firstDay = dayOf(from);
    const lastDay = dayOf(until);
    const head = this.hasDay(firstDay) ? this.timesBelow((from - firstDay * dayMs) / 1000) : 0;
    const tail = this.hasDay(lastDay) ? this.timesBelow((until - lastDay * dayMs) / 1000) : 0;
    return this.countDays(firstDay, lastDay) * this.timesBelow(86_400) - head + tail;
  }

  /** Whether any date has these fields. */
  canFire(): boolean {
    for (let index = 0; index < cycleMonths; index += 1) {
      this.enter(index);
      if (this.monthDays !== 0) return true;
    }
    return false;
  }

  private hasDay(day: number): boolean {
    if (day < this.monthFirst || day >= this.monthFirst + this.monthLength) this.enter(monthIndexOf(day));
    return ((this.monthDays >> (day - this.monthFirst)) & 1) === 1;
  }

  private dayFrom(from: number): number {
    let index = monthIndexOf(from);
    const last = index + searchMonths;
    this.enter(index);
    let day = bitFrom(this.monthDays, from - this.monthFirst);
    while (day < 0 && index < last) {
      index = this.monthAfter(index);
      this.enter(index);
      day = bitFrom(this.monthDays, 0);
    }
    return day < 0 ? Number.POSITIVE_INFINITY : this.monthFirst + day;
  }

  private dayUpTo(to: number): number {
    let index = monthIndexOf(to);
    const first = index - searchMonths;
    this.enter(index);
    let day = bitUpTo(this.monthDays, to - this.monthFirst);
    while (day < 0 && index > first) {
      index = this.monthBefore(index);
      this.enter(index);
      day = bitUpTo(this.monthDays, 30);
    }
    return day < 0 ? Number.NEGATIVE_INFINITY : this.monthFirst + day;
  }

  /** Days in [from, until) that fit. */
  private countDays(from: number, until: number): number {
    let count = 0;
    for (let day = from; day < until; day = this.monthFirst + this.monthLength) {
      this.enter(monthIndexOf(day));
      const inside = bitsBelow(Math.min(31, until - this.monthFirst)) & ~bitsBelow(day - this.monthFirst);
      count += bitCount(this.monthDays & inside);
    }
    return count;
  }

  /** The next month that the field of months asks for. */
  private monthAfter(index: number): number {
    const january = Math.floor(index / 12) * 12;
    const month = bitFrom(this.months, index - january + 1);
    return month < 0 ? january + 12 + bitFrom(this.months, 0) : january + month;
  }

  private monthBefore(index: number): number {
    const january = Math.floor(index / 12) * 12;
    const month = bitUpTo(this.months, index - january - 1);
    return month < 0 ? january - 12 + bitUpTo(this.months, 11) : january + month;
  }

  /** Makes `monthDays` the days of this month that fit. */
  private enter(index: number): void {
    const first = firstDayOfMonth(index);
    if (first === this.monthFirst && this.monthLength > 0) return;
    this.monthFirst = first;
    this.monthLength = firstDayOfMonth(index + 1) - first;
    const month = index - Math.floor(index / 12) * 12;
    this.monthDays = (this.months >> month) & 1 ? this.daysOf(weekdayOf(first), this.monthLength) : 0;
  }

  private daysOf(firstWeekday: number, length: number): number {
    const week = ((this.weekdays >> firstWeekday) | (this.weekdays << (7 - firstWeekday))) & 127;
    let weekdays = week | (week << 7) | (week << 14) | (week << 21) | (week << 28);
    let days = this.days;
    if (this.special !== null) {
      const shape = { firstWeekday, length };
      days |= specialDaysOfMonth(this.special, shape);
      weekdays |= specialWeekdays(this.special, shape);
    }
    return (this.either ? days | weekdays : days & weekdays) & bitsBelow(length);
  }
}
