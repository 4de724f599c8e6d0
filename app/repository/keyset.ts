import { z } from 'zod';
import { ValidationError } from '../domain/errors';

/** Where a page ended: lists newest first are ordered by (createdAt, _id). */
const position = z.tuple([z.iso.datetime().transform(text => new Date(text)), z.string()]);

/** The cursor that continues after this document. */
function cursorAfter(last: { _id: string; createdAt: Date }): string {
  return Buffer.from(JSON.stringify([last.createdAt.toISOString(), last._id])).toString('base64url');
}

/** The filter of everything after the cursor; throws ValidationError where it is none of ours. */
export function afterCursor(cursor: string | undefined) {
  if (cursor === undefined) return {};
  const [createdAt, id] = readCursor(cursor);
  return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: id } }] };
}

function readCursor(cursor: string): [Date, string] {
  const parsed = position.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new ValidationError([{ path: 'cursor', message: 'is not a cursor of this list: use "nextCursor" unchanged' }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** One page from limit + 1 documents. */
export function page<T extends { _id: string; createdAt: Date }>(found: T[], limit: number) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? cursorAfter(last) : null };
}
