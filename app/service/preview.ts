import { z } from 'zod';
import type { Clock } from '../cluster/types';
import { dateOf } from '../domain/calendar/civilDay';
import { compileCalendar, dayRuleOf, knownUntil } from '../domain/calendar/compile';
import type { Calendar, JobCalendar } from '../domain/calendar/types';
import { type FieldError, ValidationError } from '../domain/errors';
import type { JsonObject } from '../domain/mergePatch';
import { type Preview, preview, type Question } from '../domain/preview';
import { slugSchema } from '../domain/slug';
import type { Calendars } from '../repository/calendars';
import { isoDate, jsonSchemaOf } from './definition/fields';
import { opinionFaults, orderFaults, timingFields } from './definition/timingSchema';
import { check, shown } from './validation';

export interface SchedulePreviewPorts {
  calendars: Calendars;
  /** MongoDB's time: from when on, where the request does not say. */
  clock: Clock;
  /** Zone of schedules that name none. */
  defaultZone: string;
}

const mostFires = 500;
/** Within them every zone is known, the years that a schedule looks ahead too. */
const earliest = Date.UTC(1970, 0);
const latest = Date.UTC(9000, 0);

/** Shows what a schedule will do before it is saved. It reads calendars, and changes nothing. */
export class SchedulePreviews {
  private readonly schema;

  constructor(private readonly ports: SchedulePreviewPorts) {
    this.schema = bodySchema(ports.defaultZone);
  }

  /** JSON schema of a request. */
  document(): Record<string, unknown> {
    return jsonSchemaOf(this.schema);
  }

  /** Throws ValidationError with every fault, those that saving a job would find. */
  async of(body: JsonObject): Promise<Preview> {
    const from = this.ports.clock.now();
    const checked = check(this.schema, body);
    const named = calendarName(body);
    const calendars = await this.ports.calendars.byNames(named === null ? [] : [named]);
    const unknown = named === null || calendars.has(named) ? [] : [unknownCalendar(named)];
    const faults = [...(checked.ok ? [] : checked.errors), ...orderFaults(body), ...unknown];
    if (!checked.ok || faults.length > 0) throw new ValidationError(faults);
    const given = { ...checked.value, from: (checked.value.from ?? from).getTime() };
    const opinions = opinionFaults(given.schedule, given.from);
    if (opinions.length > 0) throw new ValidationError(opinions);
    return preview(question(given, calendars), given.count);
  }
}

function bodySchema(defaultZone: string) {
  return z.strictObject({
    ...timingFields(defaultZone),
    from: isoDate
      .refine(from => from.getTime() >= earliest && from.getTime() < latest, {
        error: issue => `${shown(issue.input)} is out of range: give a time of the years 1970 to 8999`,
      })
      .optional(),
    count: z.int().min(1).max(mostFires).default(10),
  });
}

type Given = Omit<z.output<ReturnType<typeof bodySchema>>, 'from'> & { from: number };

function question(given: Given, calendars: ReadonlyMap<string, Calendar>): Question {
  const { schedule, calendar, startAt, endAt, jitterMs, from } = given;
  return { schedule, calendar, bounds: { startAt, endAt }, jitterMs, from, ...ruleOf(calendar, calendars) };
}

function ruleOf(calendar: JobCalendar | null, calendars: ReadonlyMap<string, Calendar>) {
  const stored = calendar === null ? undefined : calendars.get(calendar.name);
  if (stored === undefined) return { rule: null, calendarUntil: null };
  const until = knownUntil(stored);
  return {
    rule: dayRuleOf(calendar, new Map([[stored.name, compileCalendar(stored)]])),
    calendarUntil: until === null ? null : dateOf(until),
  };
}

/** From the raw body, so that a calendar that does not exist is said together with other faults. */
function calendarName(body: JsonObject): string | null {
  const raw = z.object({ name: slugSchema }).safeParse(body['calendar']);
  return raw.success ? raw.data.name : null;
}

function unknownCalendar(name: string): FieldError {
  return { path: 'calendar.name', message: `there is no calendar ${shown(name)}` };
}
