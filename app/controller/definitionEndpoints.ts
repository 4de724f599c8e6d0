import type { z } from 'zod';
import type { DefinitionSet, WriteOptions, Written } from '../service/definition/types';
import { encodeCursor } from '../service/page';
import type { Identity } from '../service/tokens';
import type { Watchbell } from '../service/watchbell';
import { allowEveryJob, allowJob } from './access';
import { type Call, type Endpoint, endpoint, noBody, nothing, type Reply } from './endpoint';
import { jsonObject, nameParams, writeQuery } from './parameters';

/** What GET, PUT, PATCH and DELETE of jobs, sources, channels and calendars have in common. */
export interface DefinitionRoutes {
  kind: 'job' | 'source' | 'channel' | 'calendar';
  set(watchbell: Watchbell): DefinitionSet;
}

type WriteCall = Call<unknown, z.output<typeof writeQuery>, unknown>;

export function getOne(routes: DefinitionRoutes): Endpoint {
  return endpoint({
    summary: `One ${routes.kind}`,
    params: nameParams,
    query: nothing,
    body: noBody,
    answer: document(routes),
    handle: async ({ params, watchbell }) => {
      const view = await routes.set(watchbell).get(params.name);
      return { status: 200, body: view, headers: etag(view['revision']) };
    },
  });
}

export function putOne(routes: DefinitionRoutes): Endpoint {
  return endpoint({
    summary: `Creates or replaces a ${routes.kind}`,
    params: nameParams,
    query: writeQuery,
    body: { schema: jsonObject, document: document(routes) },
    answer: document(routes),
    handle: async call => {
      allow(routes, call.identity, call.params.name);
      return await written(call, await routes.set(call.watchbell).put(call.params.name, call.body, writeOptions(call)));
    },
  });
}

export function patchOne(routes: DefinitionRoutes): Endpoint {
  return endpoint({
    summary: `Changes a ${routes.kind} by a JSON merge patch (RFC 7396)`,
    params: nameParams,
    query: writeQuery,
    body: { schema: jsonObject, types: ['application/merge-patch+json'], document: () => ({ type: 'object' }) },
    answer: document(routes),
    handle: async call => {
      allow(routes, call.identity, call.params.name);
      return await written(
        call,
        await routes.set(call.watchbell).patch(call.params.name, call.body, writeOptions(call)),
      );
    },
  });
}

export function deleteOne(routes: DefinitionRoutes): Endpoint {
  return endpoint({
    summary: `Deletes a ${routes.kind}`,
    params: nameParams,
    query: writeQuery,
    body: noBody,
    status: 204,
    handle: async call => {
      allow(routes, call.identity, call.params.name);
      const { revision } = await routes.set(call.watchbell).delete(call.params.name, writeOptions(call));
      const converged = await convergence(call, revision);
      return Object.keys(converged).length === 0 ? { status: 204 } : { status: 200, body: converged };
    },
  });
}

/** What the API answers for a list of definitions. */
export function listReply(found: { items: Record<string, unknown>[]; next: string | null }): Reply {
  return { status: 200, body: { items: found.items, nextCursor: encodeCursor(found.next) } };
}

export function writeOptions({ identity, query, precondition }: WriteCall): WriteOptions {
  return { by: identity.name, precondition, dryRun: query.dryRun };
}

/** 201 where it is new; with `wait` what came of waiting. */
export async function written(call: WriteCall, { created, revision, view }: Written): Promise<Reply> {
  const body = { ...view, ...(await convergence(call, revision)) };
  const status = created && !call.query.dryRun ? 201 : 200;
  return { status, body, headers: call.query.dryRun ? {} : etag(revision) };
}

/** `{"converged": …}` where the call asked to wait, else nothing. */
async function convergence({ query, watchbell }: WriteCall, revision: number): Promise<Record<string, unknown>> {
  if (query.wait === undefined || query.dryRun) return {};
  return { converged: await watchbell.cluster.converged(revision, query.timeoutMs) };
}

/** A token that is limited to some jobs may write those, and nothing that others share. */
export function allow({ kind }: DefinitionRoutes, identity: Identity, name: string): void {
  if (kind === 'job') allowJob(identity, name);
  else allowEveryJob(identity);
}

function document({ kind }: DefinitionRoutes) {
  return (watchbell: Watchbell) => watchbell.definitions.schemas[kind].document();
}

function etag(revision: unknown): Record<string, string> {
  return { ETag: `"${String(revision)}"` };
}
