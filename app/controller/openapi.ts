import { z } from 'zod';
import { jsonSchemaOf } from '../service/definition/fields';
import type { Watchbell } from '../service/watchbell';
import type { Access } from './access';
import { type Endpoint, endpoint, noBody, nothing } from './endpoint';

/** One line of the router's table. */
export type Route = readonly [
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  access: Access,
  endpoint: Endpoint,
];

type Json = Record<string, unknown>;

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** Serves the description of every route, made from the schemas that validate its requests. */
export function openapiEndpoint(routes: () => readonly Route[]): Endpoint {
  return endpoint({
    summary: 'This document',
    params: nothing,
    query: nothing,
    body: noBody,
    handle: async ({ watchbell }) => ({ status: 200, body: openapiDocument(routes(), watchbell) }),
  });
}

function openapiDocument(routes: readonly Route[], watchbell: Watchbell): Json {
  const paths = new Map<string, Json>();
  for (const route of routes) {
    const path = route[1].replace(/:([a-zA-Z]+)/g, '{$1}');
    paths.set(path, { ...paths.get(path), [route[0].toLowerCase()]: operation(route, watchbell) });
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Watchbell', version: '1', description: 'Scheduled checks, alerts and mutes.' },
    security: [{ token: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token wb_…' } },
      schemas: { Problem: jsonSchemaOf(problem) },
    },
  };
}

function operation([method, path, access, endpoint]: Route, watchbell: Watchbell): Json {
  return {
    operationId: operationId(method, path),
    summary: endpoint.summary,
    description: access === 'public' ? 'Needs no token.' : `Needs a token: ${access}.`,
    ...(access === 'public' ? { security: [] } : {}),
    parameters: [...parameters('path', endpoint.params), ...parameters('query', endpoint.query)],
    ...requestBody(endpoint, watchbell),
    responses: {
      [endpoint.status]: success(endpoint, watchbell),
      default: {
        description: 'What is wrong (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function parameters(place: 'path' | 'query', schema: z.ZodType): Json[] {
  const { properties, required } = objectParts(jsonSchemaOf(schema));
  return Object.entries(properties).map(([name, form]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: form,
  }));
}

function requestBody({ body }: Endpoint, watchbell: Watchbell): Json {
  if (body.none === true) return {};
  const schema = body.document === undefined ? jsonSchemaOf(body.schema) : body.document(watchbell);
  const types = ['application/json', ...(body.types ?? [])];
  return {
    requestBody: {
      required: body.optional !== true,
      content: Object.fromEntries(types.map(type => [type, { schema }])),
    },
  };
}

function success({ answer, status }: Endpoint, watchbell: Watchbell): Json {
  if (status === 204) return { description: 'Done' };
  const schema = answer === undefined ? {} : typeof answer === 'function' ? answer(watchbell) : jsonSchemaOf(answer);
  return { description: 'Success', content: { 'application/json': { schema } } };
}

function objectParts(document: Json): { properties: Json; required: string[] } {
  const properties = z.record(z.string(), z.unknown()).safeParse(document['properties']);
  const required = z.array(z.string()).safeParse(document['required']);
  return { properties: properties.data ?? {}, required: required.data ?? [] };
}

/** `PUT /api/v1/jobs/:name` → `putJobsName` */
function operationId(method: string, path: string): string {
  const words = path
    .replace('/api/v1', '')
    .split(/[^a-zA-Z0-9]+/)
    .filter(Boolean);
  return method.toLowerCase() + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
