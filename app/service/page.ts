import { z } from 'zod';
import { ValidationError } from '../domain/errors';

/** Parts what was read with limit + 1 into the page and the entry that the next one follows; null at the end. */
export function page<T>(found: readonly T[], limit: number): { items: T[]; last: T | null } {
  const items = found.slice(0, limit);
  return { items, last: found.length > limit ? (items.at(-1) ?? null) : null };
}

/** The opaque text by which a client asks for the next page. */
export function encodeCursor(position: unknown): string | null {
  return position === null ? null : Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Throws ValidationError where the text is not a cursor of this list. */
export function decodeCursor<T>(schema: z.ZodType<T>, cursor: string | undefined): T | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(fromText(cursor));
  if (parsed.success) return parsed.data;
  throw new ValidationError([
    { path: 'cursor', message: 'is not a cursor of this list: give the nextCursor of the page before, or none' },
  ]);
}

/** Position in a list that runs from new to old. */
export const timePosition = z.tuple([z.iso.datetime().transform(text => new Date(text)), z.string()]);

function fromText(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
