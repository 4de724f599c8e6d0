import type { UpdateStatement } from './commands';
import { hasOperators } from './query';
import { real } from './real';
import { type Doc, UnsupportedError } from './types';
import { copy } from './values';

/** A document as it is sent. */
export function stored(document: Doc): Doc {
  const own = copy(document);
  if (own['_id'] === undefined) throw new UnsupportedError('a document without _id');
  return own;
}

export function statementOf(filter: Doc, update: unknown, how: { upsert: boolean; multi: boolean }): UpdateStatement {
  if (!Array.isArray(update) && !hasOperators(update)) {
    throw new real.MongoInvalidArgumentError('Update document requires atomic operators');
  }
  return { filter: copy(filter), update: copy(update), replace: false, ...how };
}

export function replacementOf(filter: Doc, replacement: Doc, upsert: boolean): UpdateStatement {
  if (hasOperators(replacement)) {
    throw new real.MongoInvalidArgumentError('Replacement document must not contain atomic operators');
  }
  return { filter: copy(filter), update: copy(replacement), replace: true, upsert, multi: false };
}
