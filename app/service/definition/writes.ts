import { isDeepStrictEqual } from 'node:util';
import { type FieldError, NotFoundError, PreconditionError } from '../../domain/errors';
import type { JsonObject } from '../../domain/mergePatch';
import { shown } from '../validation';
import type { Precondition } from './types';

/** How long a tombstone is kept: longer than any member may be away. */
export const tombstoneMs = 7 * 86_400_000;

/** `what` is such as `job "online-404"`; `revision` the stored one, null where nothing is stored. */
export function assertPrecondition(precondition: Precondition, what: string, revision: number | null): void {
  const refuse = (reason: string) => {
    const stored = revision === null ? `${what} is not stored` : `${what} is stored with revision ${revision}`;
    throw new PreconditionError(`${stored}; ${reason}`);
  };
  if (precondition.type === 'revision' && precondition.revision !== revision) {
    refuse(`If-Match asked for ${precondition.revision}: read it again and repeat your change.`);
  }
  if (precondition.type === 'exists' && revision === null) refuse('If-Match: * asked for one that is.');
  if (precondition.type === 'absent' && revision !== null) refuse('If-None-Match: * asked for none.');
}

/** Whether two values are the same as JSON, in whatever order their fields stand. */
export function sameJson(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(plain(left), plain(right));
}

/** As JSON: dates as text, nothing undefined. */
export function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/**
 * Parts a body as a client may send back what GET answered: fields that only the server sets must say what is stored.
 * `view` is that answer, null where nothing is stored.
 */
export function withoutReadOnly(
  body: JsonObject,
  names: readonly string[],
  view: Record<string, unknown> | null,
): { body: JsonObject; errors: FieldError[] } {
  const errors = names
    .filter(name => Object.hasOwn(body, name) && !(view !== null && sameJson(body[name], view[name])))
    .map(name => ({ path: name, message: readOnlyMessage(name, view) }));
  const rest = Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
  return { body: rest, errors };
}

function readOnlyMessage(name: string, view: Record<string, unknown> | null): string {
  const instead = name === 'paused' ? '; use POST /jobs/{name}/pause and /resume' : '';
  return view === null
    ? `is set by the server: leave it out${instead}`
    : `is set by the server (stored: ${shown(view[name])}): leave it out${instead}`;
}

export function notFound(what: string): NotFoundError {
  return new NotFoundError(`There is no ${what}.`);
}
