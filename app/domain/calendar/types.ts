/** Which days of its calendar a job runs on, and what becomes of an occurrence on another day. */
export interface JobCalendar {
  name: string;
  on: 'workdays' | 'holidays' | 'all';
  /** `skip` keeps it back (recorded as skipped), `next` and `previous` move it to the nearest day that fits. */
  outside: 'skip' | 'next' | 'previous';
}

/** A day as the number of days since 1970-01-01 of the civil calendar. */
export type CivilDay = number;

/** A day of a calendar: `date` is YYYY-MM-DD; `name` may be empty. */
export interface NamedDate {
  date: string;
  name: string;
}

/** What a calendar is, as the API takes it and MongoDB keeps it. */
export interface CalendarSpec {
  /** One of app/domain/calendar/kinds. */
  kind: string;
  /** IANA name: the zone in which the calendar judges the date of an instant. */
  zone: string;
  /** ISO weekdays, 1 (Monday) to 7 (Sunday). */
  weekend: number[];
  holidays: NamedDate[];
  /** Days worked although they are of the weekend, or a holiday of the kind (调休). */
  workdays: NamedDate[];
}

/** A calendar as stored and used inside. */
export interface Calendar extends CalendarSpec {
  name: string;
  revision: number;
}

/** A calendar as schedules ask it. */
export interface CalendarDays {
  zone: string;
  isWorkday(day: CivilDay): boolean;
  /** What the calendar calls the day; null where it has no entry for it. */
  nameOf(day: CivilDay): string | null;
}

/** A job's calendar, ready to judge days. */
export interface DayRule {
  days: CalendarDays;
  on: JobCalendar['on'];
  outside: JobCalendar['outside'];
}
