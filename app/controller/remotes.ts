import { z } from 'zod';
import { decodeCursor } from '../service/page';
import type { Trial } from '../service/trials';
import type { Watchbell } from '../service/watchbell';
import { type DefinitionRoutes, deleteOne, getOne, listReply, patchOne, putOne } from './definitionEndpoints';
import { type Endpoint, endpoint, noBody, nothing } from './endpoint';
import { givenFields, nameParams, pageQuery } from './parameters';

const trialAnswer = z.object({
  ok: z.boolean(),
  answer: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  tookMs: z.number(),
});

/** `/api/v1/sources` or `/api/v1/channels` */
export default class RemotesController {
  readonly list: Endpoint;
  readonly get: Endpoint;
  readonly put: Endpoint;
  readonly patch: Endpoint;
  readonly remove: Endpoint;
  readonly test: Endpoint;

  constructor(kind: 'source' | 'channel') {
    const routes: DefinitionRoutes = { kind, set: watchbell => watchbell.definitions[`${kind}s`] };
    this.list = listOf(routes);
    this.get = getOne(routes);
    this.put = putOne(routes);
    this.patch = patchOne(routes);
    this.remove = deleteOne(routes);
    this.test = endpoint({
      summary: `Tries a ${kind} for real and answers what the remote said`,
      params: nameParams,
      query: nothing,
      body: { schema: nothing, optional: true },
      answer: trialAnswer,
      handle: async ({ params, watchbell }) => ({ status: 200, body: await trial(kind, params.name, watchbell) }),
    });
  }
}

function listOf(routes: DefinitionRoutes): Endpoint {
  return endpoint({
    summary: `The ${routes.kind}s in the order of their names`,
    params: nothing,
    query: z.strictObject({ ...pageQuery, kind: z.string().max(64).optional() }),
    body: noBody,
    handle: async ({ query: { limit, cursor, kind }, watchbell }) => {
      const after = decodeCursor(z.string(), cursor);
      return listReply(await routes.set(watchbell).list({ limit, after, filter: givenFields({ kind }) }));
    },
  });
}

async function trial(kind: 'source' | 'channel', name: string, { trials }: Watchbell): Promise<Trial> {
  return kind === 'source' ? await trials.source(name) : await trials.channel(name);
}
