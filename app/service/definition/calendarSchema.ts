import { z } from 'zod';
import { civilDayOf } from '../../domain/calendar/civilDay';
import { calendarKinds } from '../../domain/calendar/kinds';
import type { CalendarSpec, NamedDate } from '../../domain/calendar/types';
import type { FieldError } from '../../domain/errors';
import type { JsonObject } from '../../domain/mergePatch';
import { check, shown } from '../validation';
import { jsonSchemaOf, zoneSchema } from './fields';

/** Most dates of a calendar, holidays and workdays together: a century of China's. */
export const mostDates = 5000;
/** Most characters of a day's name. */
export const longestName = 100;

const datesSchema = z
  .array(
    z.strictObject({
      date: z.string().refine(isDate, {
        error: issue => `${shown(issue.input)} is not a date: give one such as "2026-10-01", from 1970 to 2199`,
      }),
      name: z.string().max(longestName).default(''),
    }),
  )
  .max(mostDates)
  .default([]);

const weekendSchema = z
  .array(z.int().min(1).max(7))
  .max(7)
  .refine(days => new Set(days).size === days.length, { error: 'names a weekday twice' })
  .default([6, 7]);

/** What each kind of calendar takes besides `kind`. */
export const calendarSettings = z.strictObject({
  zone: zoneSchema.optional(),
  weekend: weekendSchema,
  holidays: datesSchema,
  workdays: datesSchema,
});

const bodySchema = calendarSettings.extend({ kind: z.enum([...calendarKinds.keys()]).default('dates') });

/** What the body of a calendar must be. */
export class CalendarSchemas {
  /** `defaultZone` is that of calendars whose kind has none either. */
  constructor(private readonly defaultZone: string) {}

  /** Every fault at once. Weekdays and dates come out in order. */
  check(body: JsonObject): { ok: true; spec: CalendarSpec } | { ok: false; errors: FieldError[] } {
    const checked = check(bodySchema, body);
    const errors = [...(checked.ok ? [] : checked.errors), ...listFaults(body)];
    if (!checked.ok || errors.length > 0) return { ok: false, errors };
    const { kind, zone, weekend, holidays, workdays } = checked.value;
    return {
      ok: true,
      spec: {
        kind,
        zone: zone ?? calendarKinds.get(kind)?.zone ?? this.defaultZone,
        weekend: [...weekend].sort((a, b) => a - b),
        holidays: inOrder(holidays),
        workdays: inOrder(workdays),
      },
    };
  }

  /** JSON schema of a body. */
  document(): Record<string, unknown> {
    return jsonSchemaOf(bodySchema);
  }
}

/** By date. */
export function inOrder(dates: readonly NamedDate[]): NamedDate[] {
  return [...dates].sort((a, b) => (a.date < b.date ? -1 : 1));
}

/** A date that a calendar may have. */
export function isDate(text: string): boolean {
  return /^(19[7-9]|2[01])/.test(text) && civilDayOf(text) !== null;
}

/** Faults between the entries of both lists, read from the raw body, so that they are said together with the others. */
function listFaults(body: JsonObject): FieldError[] {
  const lists = (['holidays', 'workdays'] as const).map(list => ({ list, dates: rawDates(body[list]) }));
  const seen = new Map<string, string>();
  const faults = lists.flatMap(({ list, dates }) =>
    dates.flatMap(({ date, index }) => {
      const other = seen.get(date);
      seen.set(date, other ?? `${list}.${index}`);
      if (other === undefined) return [];
      const message = other.startsWith(list)
        ? `${shown(date)} stands there already, at ${other}`
        : `${shown(date)} cannot be both a holiday (${other}) and a workday`;
      return [{ path: `${list}.${index}.date`, message }];
    }),
  );
  const count = lists.reduce((sum, { dates }) => sum + dates.length, 0);
  const tooMany = count > mostDates && lists.every(({ dates }) => dates.length <= mostDates);
  return tooMany ? [...faults, { path: 'workdays', message: tooManyDates(count) }] : faults;
}

/** Said of a calendar that would have more than mostDates. */
export function tooManyDates(count: number): string {
  return `holidays and workdays have ${count} dates together: at most ${mostDates}`;
}

const rawDate = z.object({ date: z.string() });

function rawDates(list: unknown): { date: string; index: number }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => {
    const parsed = rawDate.safeParse(entry);
    return parsed.success ? [{ date: parsed.data.date, index }] : [];
  });
}
