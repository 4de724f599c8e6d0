import { runInNewContext } from 'node:vm';
import ICAL from 'ical.js';
import { ValidationError } from '../../domain/errors';
import { mostDates, tooManyDates } from './calendarSchema';
import { EventFault, eventDays, type IcalDay, type IcalWindow, uidOf } from './icalEvent';

/** Recurring events are expanded from 1 January of the current year for so many years. */
const recurringYears = 10;
/** A rule that matches no day makes ical.js look for ever; the largest file that can be taken needs a fraction of this. */
const readMs = 2000;
const faultsShown = 100;

/** Every day of the all-day events of an iCalendar text, in its order. `now` is MongoDB's time. Throws ValidationError. */
export function readIcal(text: string, now: Date): IcalDay[] {
  const found: IcalDay[] = [];
  try {
    // The one way to stop code that does not return: V8 ends what runs in a script when its time is over.
    runInNewContext('read()', { read: () => collect(text, windowFrom(now), found) }, { timeout: readMs });
  } catch (error) {
    throw error instanceof ValidationError ? error : refused([`cannot be read: ${reason(error)}`]);
  }
  return found;
}

function collect(text: string, window: IcalWindow, found: IcalDay[]): void {
  const events = eventsIn(text);
  if (events.length === 0) throw refused(['has no events (VEVENT)']);
  const siblings = byUid(events);
  const faults: string[] = [];
  for (const event of events) {
    try {
      for (const day of eventDays(event, siblings.get(uidOf(event)) ?? [], window)) {
        found.push(day);
        if (found.length > mostDates) throw refused([tooManyDates(found.length)]);
      }
    } catch (error) {
      if (!(error instanceof EventFault)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw refused(faults.slice(0, faultsShown));
}

function eventsIn(text: string): ICAL.Component[] {
  const parsed: unknown = ICAL.parse(text);
  if (!Array.isArray(parsed) || parsed.length === 0) return [];
  const roots: unknown[] = Array.isArray(parsed[0]) ? parsed : [parsed];
  return roots.flatMap(root => (Array.isArray(root) ? new ICAL.Component(root).getAllSubcomponents('vevent') : []));
}

function byUid(events: readonly ICAL.Component[]): Map<string, ICAL.Component[]> {
  const groups = new Map<string, ICAL.Component[]>();
  for (const event of events) {
    const uid = uidOf(event);
    const group = groups.get(uid);
    if (group === undefined) groups.set(uid, [event]);
    else group.push(event);
  }
  return groups;
}

function windowFrom(now: Date): IcalWindow {
  const year = now.getUTCFullYear();
  return { from: `${year}-01-01`, until: `${year + recurringYears - 1}-12-31` };
}

/** Errors of ical.js, and those of V8's other context, which are no instances of this one's Error. */
function reason(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const timedOut = 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
  return timedOut ? 'it takes too long; a rule (RRULE) may match no day at all' : String(error.message);
}

function refused(messages: string[]): ValidationError {
  return new ValidationError(messages.map(message => ({ path: 'ical', message })));
}
