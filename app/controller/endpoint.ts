import { z } from 'zod';
import { BadRequestError, type FieldError, ValidationError } from '../domain/errors';
import type { Precondition } from '../service/definition/types';
import type { Identity } from '../service/tokens';
import { type Checked, check } from '../service/validation';
import type { Watchbell } from '../service/watchbell';

type JsonSchema = Record<string, unknown>;

/** What a handler answers; `body` goes out as JSON unless `type` says otherwise. */
export interface Reply {
  status: number;
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

/** A request whose parts passed their schemas. */
export interface Call<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** Who calls; anonymous on the routes that need no token. */
  identity: Identity;
  precondition: Precondition;
  /** Asking again under the same key is asking once; null where none was sent. */
  idempotencyKey: string | null;
  watchbell: Watchbell;
}

/** A request as it came in, behind the check of its token. */
interface RawCall {
  params: unknown;
  query: unknown;
  identity: Identity;
  watchbell: Watchbell;
  header(name: string): string;
  /** Parsed JSON, or text where the content type is one of text; undefined where the request has no body. */
  readBody(types: readonly string[]): Promise<unknown>;
}

export interface BodyDefinition<Body> {
  schema: z.ZodType<Body>;
  /** Where the schema of the request is known only with the registered kinds. */
  document?: (watchbell: Watchbell) => JsonSchema;
  optional?: boolean;
  /** The request's body is not read at all. */
  none?: boolean;
  /** Content types besides application/json. */
  types?: readonly string[];
}

interface EndpointDefinition<Params, Query, Body> {
  summary: string;
  params: z.ZodType<Params>;
  query: z.ZodType<Query>;
  body: BodyDefinition<Body>;
  /** What a success answers, for the OpenAPI document. */
  answer?: z.ZodType | ((watchbell: Watchbell) => JsonSchema);
  /** Status of a success; 200 where it is not given. */
  status?: number;
  handle(call: Call<Params, Query, Body>): Promise<Reply>;
}

/** One URL's work: what it takes, what it answers, and how it is done. */
export interface Endpoint {
  readonly summary: string;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: Omit<BodyDefinition<unknown>, 'schema'> & { schema: z.ZodType };
  readonly answer?: z.ZodType | ((watchbell: Watchbell) => JsonSchema);
  readonly status: number;
  /** Checks every part of the request at once, then handles it. */
  run(raw: RawCall): Promise<Reply>;
}

/** Nothing is taken: an unknown parameter is a typing mistake. */
export const nothing = z.strictObject({});

export const noBody: BodyDefinition<undefined> = { schema: z.undefined(), none: true };

export function endpoint<Params, Query, Body>(definition: EndpointDefinition<Params, Query, Body>): Endpoint {
  const { summary, params, query, body, answer, status = 200, handle } = definition;
  return {
    ...{ summary, params, query, body, answer, status },
    run: async raw => {
      const checkedParams = check(params, raw.params);
      const checkedQuery = check(query, raw.query);
      const { identity, watchbell } = raw;
      const precondition = preconditionOf(raw);
      const idempotencyKey = idempotencyKeyOf(raw);
      const read = body.none === true ? undefined : await raw.readBody(['application/json', ...(body.types ?? [])]);
      const checkedBody = check(body.schema, read === undefined && body.optional === true ? {} : read);
      const given = allOf(checkedParams, checkedQuery, checkedBody);
      return await handle({ ...given, identity, precondition, idempotencyKey, watchbell });
    },
  };
}

function allOf<P, Q, B>(params: Checked<P>, query: Checked<Q>, body: Checked<B>): { params: P; query: Q; body: B } {
  if (params.ok && query.ok && body.ok) return { params: params.value, query: query.value, body: body.value };
  const errors: FieldError[] = [params, query, body].flatMap(part => (part.ok ? [] : part.errors));
  throw new ValidationError(errors);
}

const longestKey = 255;

function idempotencyKeyOf(raw: RawCall): string | null {
  const key = raw.header('idempotency-key').trim();
  if (key.length <= longestKey) return key === '' ? null : key;
  throw new BadRequestError(`Idempotency-Key has ${key.length} characters; at most ${longestKey} are taken.`);
}

function preconditionOf(raw: RawCall): Precondition {
  const match = raw.header('if-match').trim();
  const noneMatch = raw.header('if-none-match').trim();
  if (noneMatch === '*') return { type: 'absent' };
  if (match === '') return { type: 'none' };
  if (match === '*') return { type: 'exists' };
  const revision = /^(?:W\/)?"?(\d{1,15})"?$/.exec(match)?.[1];
  if (revision === undefined) throw new BadRequestError(`If-Match must hold one revision, such as "12"; got ${match}.`);
  return { type: 'revision', revision: Number(revision) };
}
