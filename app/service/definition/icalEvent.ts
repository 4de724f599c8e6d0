import ICAL from 'ical.js';
import { civilDayOf, dateOf } from '../../domain/calendar/civilDay';
import { shown } from '../validation';
import { isDate, longestName } from './calendarSchema';

/** One day of an event. */
export interface IcalDay {
  date: string;
  name: string;
  /** Marked as worked on a weekend (`X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY`), as calendars of China's holidays do. */
  worked: boolean;
}

/** The dates between which recurring events are expanded, both included. */
export interface IcalWindow {
  from: string;
  until: string;
}

/** What is wrong with one event. */
export class EventFault extends Error {
  override readonly name = 'EventFault';
}

const longestEventDays = 366;
/** Occurrences of one rule before the window's end: a daily one of two centuries. */
const mostOccurrences = 75_000;
const dayFrequencies = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];

/**
 * The days of one VEVENT. `siblings` are the events of the same UID: those with a RECURRENCE-ID replace single
 * occurrences, and count as events of their own only where what they replace is not in the file. Throws EventFault.
 */
export function* eventDays(
  component: ICAL.Component,
  siblings: readonly ICAL.Component[],
  window: IcalWindow,
): Generator<IcalDay> {
  assertAllDay(component);
  const replaces = component.hasProperty('recurrence-id');
  if (replaces && uidOf(component) !== '' && siblings.some(other => !other.hasProperty('recurrence-id'))) return;
  const event = new ICAL.Event(component, { exceptions: [] });
  if (!event.isRecurring() || replaces) {
    yield* daysOf(event, event.startDate, event.endDate);
    return;
  }
  for (const other of uidOf(component) === '' ? [] : siblings) {
    if (other.hasProperty('recurrence-id')) event.relateException(other);
  }
  for (const occurrence of occurrences(event, window)) {
    const { item, startDate, endDate } = event.getOccurrenceDetails(occurrence);
    yield* daysOf(item, startDate, endDate);
  }
}

/** Starts of a recurring event inside the window. */
function* occurrences(event: ICAL.Event, window: IcalWindow): Generator<ICAL.Time> {
  const iterator = event.iterator();
  for (let count = 0; count <= mostOccurrences; count++) {
    const next: unknown = iterator.next();
    if (!(next instanceof ICAL.Time)) return;
    const date = next.toString();
    if (date > window.until) return;
    if (date >= window.from) yield next;
  }
  throw new EventFault(`${nameOf(event.component)} recurs more than ${mostOccurrences} times`);
}

function* daysOf({ component }: ICAL.Event, start: ICAL.Time, end: ICAL.Time): Generator<IcalDay> {
  if (textOf(component, 'status').toUpperCase() === 'CANCELLED') return;
  const first = civilDayOf(start.toString());
  const after = civilDayOf(end.toString());
  if (first === null || after === null || !isDate(start.toString())) {
    throw new EventFault(`${nameOf(component)} has a date from before 1970 or after 2199: ${shown(start.toString())}`);
  }
  if (after < first) throw new EventFault(`${nameOf(component)} ends before it begins`);
  if (after - first > longestEventDays) {
    throw new EventFault(`${nameOf(component)} has ${after - first} days: at most ${longestEventDays}`);
  }
  const name = [...textOf(component, 'summary')].slice(0, longestName).join('');
  const worked = textOf(component, 'x-apple-special-day').toUpperCase() === 'ALTERNATE-WORKDAY';
  // Some programs write the day itself as the end.
  for (let day = first; day < Math.max(after, first + 1); day++) yield { date: dateOf(day), name, worked };
}

function assertAllDay(component: ICAL.Component): void {
  const start = component.getFirstProperty('dtstart');
  if (start === null) throw new EventFault(`${nameOf(component)} has no DTSTART`);
  for (const property of [start, component.getFirstProperty('dtend')]) {
    if (property === null) continue;
    if (property.type !== 'date') {
      throw new EventFault(`${nameOf(component)} is not an all-day event: give its dates as VALUE=DATE`);
    }
    // ical.js takes 30 February for 2 March.
    const written: unknown = property.toJSON()[3];
    if (typeof written === 'string' && civilDayOf(written) !== null) continue;
    throw new EventFault(`${nameOf(component)} has a date that does not exist: ${shown(written)}`);
  }
  const frequencies = Object.keys(new ICAL.Event(component, { exceptions: [] }).getRecurrenceTypes());
  const other = frequencies.find(frequency => !dayFrequencies.includes(frequency));
  if (other !== undefined) throw new EventFault(`${nameOf(component)} recurs ${other}, which days cannot`);
}

/** For messages: the event's summary or, where it has none, its UID. */
function nameOf(component: ICAL.Component): string {
  const summary = textOf(component, 'summary');
  return `the event ${shown(summary === '' ? uidOf(component) : summary)}`;
}

/** Empty for an event without one, which is related to no other. */
export function uidOf(component: ICAL.Component): string {
  return textOf(component, 'uid');
}

function textOf(component: ICAL.Component, property: string): string {
  const value: unknown = component.getFirstPropertyValue(property);
  return typeof value === 'string' ? value : '';
}
