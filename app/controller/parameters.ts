import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../domain/mergePatch';
import { slugSchema } from '../domain/slug';
import { spanBetween } from '../domain/span';
import { shown } from '../service/validation';

/** `/jobs/{name}` */
export const nameParams = z.strictObject({ name: slugSchema });

/** `/runs/{id}` */
export const idParams = z.strictObject({ id: z.string().min(1).max(400) });

const most = 500;

/** What every list takes. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, { error: issue => `${shown(issue.input)} is not a number from 1 to ${most}` })
    .transform(Number)
    .refine(limit => limit >= 1 && limit <= most, {
      error: issue => `${shown(issue.input)} is not a number from 1 to ${most}`,
    })
    .default(100),
  cursor: z.string().max(1000).optional(),
};

/** `true` or `false` in a query. */
export const flag = z.enum(['true', 'false']).transform(text => text === 'true');

/** Milliseconds or `90s`, as text. */
function spanText(minMs: number, maxMs: number) {
  return z
    .string()
    .transform(text => (/^-?\d+$/.test(text) ? Number(text) : text))
    .pipe(spanBetween(minMs, maxMs));
}

/** What every write of a definition takes besides its body. */
export const writeQuery = z.strictObject({
  dryRun: flag.default(false),
  wait: z.enum(['converged']).optional(),
  timeoutMs: spanText(0, 30_000).default(5000),
});

/** A body that is a JSON object; what is in it is checked by the registered kinds. */
export const jsonObject = z.custom<JsonObject>(isJsonObject, {
  error: issue =>
    issue.input === undefined ? 'is missing: give a JSON object' : `${shown(issue.input)} must be a JSON object`,
});

/** Fields of a filter that were given. */
export function givenFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
