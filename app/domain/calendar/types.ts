/** Which days of its calendar a job runs on, and what becomes of an occurrence on another day. */
export interface JobCalendar {
  name: string;
  on: 'workdays' | 'holidays' | 'all';
  /** `skip` keeps it back (recorded as skipped), `next` and `previous` move it to the nearest day that fits. */
  outside: 'skip' | 'next' | 'previous';
}

/** A day as the number of days since 1970-01-01 of the civil calendar. */
export type CivilDay = number;

/** A calendar as schedules ask it. */
export interface CalendarDays {
  /** IANA name: the zone in which the calendar judges the date of an instant. */
  zone: string;
  isWorkday(day: CivilDay): boolean;
}

/** A job's calendar, ready to judge days. */
export interface DayRule {
  days: CalendarDays;
  on: JobCalendar['on'];
  outside: JobCalendar['outside'];
}
