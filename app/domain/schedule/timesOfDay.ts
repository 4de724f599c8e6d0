import { bitCount, bitFrom, bitsBelow, bitUpTo, sixtiethFrom, sixtiethsBelow, sixtiethUpTo } from './bits';

/** Sets of the fields below the day; seconds and minutes are sets of 60 (bits.ts). */
export interface TimeSets {
  secondsLow: number;
  secondsHigh: number;
  minutesLow: number;
  minutesHigh: number;
  hours: number;
}

/** The times of a day that the fields of hours, minutes and seconds ask for, as seconds since midnight. */
export class TimesOfDay {
  private readonly secondsLow: number;
  private readonly secondsHigh: number;
  private readonly minutesLow: number;
  private readonly minutesHigh: number;
  private readonly hours: number;

  constructor(sets: TimeSets) {
    this.secondsLow = sets.secondsLow;
    this.secondsHigh = sets.secondsHigh;
    this.minutesLow = sets.minutesLow;
    this.minutesHigh = sets.minutesHigh;
    this.hours = sets.hours;
  }

  /** The first second of the day that fits and is not before `from`; -1 when the day has none left. */
  protected timeFrom(from: number): number {
    const hour = Math.floor(from / 3600);
    if ((this.hours >> hour) & 1) {
      const minute = Math.floor(from / 60) - hour * 60;
      const inHour = this.minuteFrom(minute, from - hour * 3600 - minute * 60);
      if (inHour >= 0) return hour * 3600 + inHour;
    }
    const nextHour = bitFrom(this.hours, hour + 1);
    return nextHour < 0 ? -1 : nextHour * 3600 + this.minuteFrom(0, 0);
  }

  private minuteFrom(minute: number, second: number): number {
    if (sixtiethFrom(this.minutesLow, this.minutesHigh, minute) === minute) {
      const inMinute = sixtiethFrom(this.secondsLow, this.secondsHigh, second);
      if (inMinute >= 0) return minute * 60 + inMinute;
    }
    const next = sixtiethFrom(this.minutesLow, this.minutesHigh, minute + 1);
    return next < 0 ? -1 : next * 60 + sixtiethFrom(this.secondsLow, this.secondsHigh, 0);
  }

  /** The last second of the day that fits and is not after `to`; -1 when the day has none before. */
  protected timeUpTo(to: number): number {
    const hour = Math.floor(to / 3600);
    if ((this.hours >> hour) & 1) {
      const minute = Math.floor(to / 60) - hour * 60;
      const inHour = this.minuteUpTo(minute, to - hour * 3600 - minute * 60);
      if (inHour >= 0) return hour * 3600 + inHour;
    }
    const previousHour = bitUpTo(this.hours, hour - 1);
    return previousHour < 0 ? -1 : previousHour * 3600 + this.minuteUpTo(59, 59);
  }

  private minuteUpTo(minute: number, second: number): number {
    if (sixtiethUpTo(this.minutesLow, this.minutesHigh, minute) === minute) {
      const inMinute = sixtiethUpTo(this.secondsLow, this.secondsHigh, second);
      if (inMinute >= 0) return minute * 60 + inMinute;
    }
    const previous = minute === 0 ? -1 : sixtiethUpTo(this.minutesLow, this.minutesHigh, minute - 1);
    return previous < 0 ? -1 : previous * 60 + sixtiethUpTo(this.secondsLow, this.secondsHigh, 59);
  }

  /** How many times of a day fit that are before `end`, a second of the day. */
  protected timesBelow(end: number): number {
    const hour = Math.floor(end / 3600);
    const minute = Math.floor(end / 60) - hour * 60;
    const perMinute = sixtiethsBelow(this.secondsLow, this.secondsHigh, 60);
    const perHour = perMinute * sixtiethsBelow(this.minutesLow, this.minutesHigh, 60);
    let count = bitCount(this.hours & bitsBelow(hour)) * perHour;
    if (((this.hours >> hour) & 1) === 0) return count;
    count += sixtiethsBelow(this.minutesLow, this.minutesHigh, minute) * perMinute;
    if (sixtiethFrom(this.minutesLow, this.minutesHigh, minute) !== minute) return count;
    return count + sixtiethsBelow(this.secondsLow, this.secondsHigh, end - hour * 3600 - minute * 60);
  }
}
