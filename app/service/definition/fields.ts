import { z } from 'zod';
import { isZone } from '../../domain/schedule';
import { shown } from '../validation';

/** A time as the API takes it: ISO 8601 with Z or an offset. Comes out as Date. */
export const isoDate = z.iso
  .datetime({
    offset: true,
    error: issue =>
      `${JSON.stringify(issue.input) ?? 'nothing'} is not a time: give ISO 8601 such as "2026-11-21T01:10:00Z"`,
  })
  .transform(text => new Date(text));

/** IANA name of a time zone that Intl knows. */
export const zoneSchema = z
  .string()
  .max(64)
  .refine(isZone, {
    error: issue => `${shown(issue.input)} is not a time zone; give an IANA name such as "Asia/Shanghai" or "UTC"`,
  });

/** A name of the query that may come several times: `name=a&name=b`. */
export function repeated<T>(item: z.ZodType<T>) {
  return z.union([item.transform(one => [one]), z.array(item)]);
}

/** JSON schema of what a schema takes; what JSON schema cannot say is left open. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return document;
}
