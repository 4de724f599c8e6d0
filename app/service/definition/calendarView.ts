import { dateOf } from '../../domain/calendar/civilDay';
import { knownUntil } from '../../domain/calendar/compile';
import { calendarWarning } from '../../domain/calendar/end';
import type { CalendarSpec } from '../../domain/calendar/types';
import { calendarSpecSchema } from '../../model/definition';
import type { CalendarDocument } from '../../repository/definitions';

/** Fields of a calendar's answer that only the server sets and that stay as they are while nothing is written. */
export const calendarReadOnly = [
  'name',
  'knownUntil',
  'revision',
  'createdRevision',
  'updatedAt',
  'updatedBy',
] as const;

/** A calendar as the API answers it; `now` is MongoDB's time. */
export function calendarView(document: CalendarDocument, now: Date): Record<string, unknown> {
  const { _id: name, revision, createdRevision, updatedAt, updatedBy } = document;
  const spec = calendarSpecOf(document);
  const last = knownUntil(spec);
  const end = { knownUntil: last === null ? null : dateOf(last), warning: calendarWarning(spec, now.getTime()) };
  return { name, ...spec, ...end, revision, createdRevision, updatedAt, updatedBy };
}

/** The spec of a stored calendar that is no tombstone. */
export function calendarSpecOf(document: CalendarDocument): CalendarSpec {
  return calendarSpecSchema.parse(document.spec);
}
