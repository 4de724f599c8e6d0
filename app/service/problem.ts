import { randomUUID } from 'node:crypto';
import { AppError } from '../domain/errors';
import { errorFields, type Log } from '../domain/log';
import { asUnavailable } from '../repository/database';

/** An error as a client reads it (RFC 9457). */
export interface Problem {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** What an error means to a client. One that nobody foresaw is logged under an id, and nothing else of it is said. */
export function problemOf(thrown: unknown, log: Log, request: { method: string; path: string }): Problem {
  const error = asUnavailable(thrown);
  if (error instanceof AppError) {
    if (error.status >= 500) log.warn('http.unavailable', { ...request, ...errorFields(error.cause ?? error) });
    return problem(error);
  }
  const id = randomUUID();
  const stack = error instanceof Error ? error.stack : undefined;
  log.error('http.failed', { ...request, id, ...errorFields(error), stack });
  const detail = `Something failed that nobody foresaw; the log of the server tells more under ${id}.`;
  return problem(new AppError('internal', { status: 500, title: 'Internal error', detail }));
}

function problem(error: AppError): Problem {
  const { status, title, errors, code, retryAfterMs, message: detail } = error;
  const headers: Record<string, string> = {};
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="watchbell"';
  if (retryAfterMs !== undefined) headers['Retry-After'] = String(Math.ceil(retryAfterMs / 1000));
  const body = { type: `urn:watchbell:${code}`, title, status, detail, ...(errors.length > 0 ? { errors } : {}) };
  return { status, headers, body };
}
