import type { CalendarKind } from './types';

/** Only the dates that the calendar itself lists. */
export const dates: CalendarKind = {
  kind: 'dates',
  zone: null,
  holidays: [],
  workdays: [],
  renewal: 'add its dates',
};
