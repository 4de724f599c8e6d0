import type { IncomingMessage } from 'node:http';
import { parse as parseContentType } from 'content-type';
import getRawBody from 'raw-body';
import { AppError, BadRequestError } from '../domain/errors';

/** Most bytes of a body: a definition is some kilobytes. */
const maxBytes = 1024 * 1024;
/** Levels of lists and objects in a body; definitions have less than ten. */
const maxDepth = 64;
const readMs = 10_000;

/**
 * Reads a body: JSON, or text as it is where the type is one of text (`text/calendar`); undefined where there is none.
 * Throws 400 for what is no JSON, 413 above 1 MiB, 415 for another content type.
 */
export async function readBody(request: IncomingMessage, types: readonly string[]): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  const type = typeOf(request, types);
  const text = decode(await readBytes(request));
  if (text.trim() === '') return undefined;
  if (type.startsWith('text/')) return text;
  assertDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequestError(`The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Throws 415 where it is none of `types`. */
function typeOf({ headers }: IncomingMessage, types: readonly string[]): string {
  const given = headers['content-type'];
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw unsupported(`Content-Encoding "${encoding}" is not taken: send the body as it is.`);
  const parsed = given === undefined ? null : parsedType(given);
  const charset = parsed?.parameters['charset']?.toLowerCase() ?? 'utf-8';
  if (parsed === null || !types.includes(parsed.type) || (charset !== 'utf-8' && charset !== 'utf8')) {
    throw unsupported(
      `Content-Type ${given === undefined ? 'is missing' : `"${given}" is not taken`}: send ${types.join(' or ')} in UTF-8.`,
    );
  }
  return parsed.type;
}

function parsedType(given: string) {
  try {
    return parseContentType(given);
  } catch {
    return null;
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const slow = setTimeout(() => request.destroy(), readMs);
  try {
    return await getRawBody(request, { limit: maxBytes, length: request.headers['content-length'] });
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'entity.too.large') {
      throw new AppError('tooLarge', {
        status: 413,
        title: 'Too large',
        detail: 'A body has at most 1 MiB.',
        cause: error,
      });
    }
    throw new BadRequestError('The body did not arrive as a whole.');
  } finally {
    clearTimeout(slow);
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadRequestError('The body is not UTF-8.');
  }
}

/** Everything behind walks bodies by recursion. */
function assertDepth(text: string): void {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth--;
    if (depth > maxDepth) throw new BadRequestError(`The body has more than ${maxDepth} levels.`);
  }
}

function unsupported(detail: string): AppError {
  return new AppError('unsupportedType', { status: 415, title: 'Unsupported media type', detail });
}
