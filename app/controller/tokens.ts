import { z } from 'zod';
import { isoDate } from '../service/definition/fields';
import { decodeCursor, encodeCursor } from '../service/page';
import { allowEveryJob } from './access';
import { endpoint, noBody, nothing } from './endpoint';
import { idParams, pageQuery } from './parameters';

const tokenBody = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(['viewer', 'operator', 'admin']),
  scopes: z.array(z.literal('close')).max(1).default([]),
  jobs: z
    .array(z.string().regex(/^[a-z0-9._*?-]{1,64}$/))
    .max(100)
    .default([]),
  expiresAt: isoDate.nullable().default(null),
});

/** `/api/v1/tokens` */
export default class TokensController {
  readonly create = endpoint({
    summary: 'Makes a token; its text is shown once',
    params: nothing,
    query: nothing,
    body: { schema: tokenBody },
    status: 201,
    handle: async ({ body, identity, watchbell }) => {
      allowEveryJob(identity);
      const { id, token } = await watchbell.tokens.create(body, identity.name);
      return { status: 201, body: { id, token, ...body }, headers: { Location: `/api/v1/tokens/${id}` } };
    },
  });

  readonly list = endpoint({
    summary: 'Tokens without their texts',
    params: nothing,
    query: z.strictObject(pageQuery),
    body: noBody,
    handle: async ({ query: { limit, cursor }, watchbell }) => {
      const { items, next } = await watchbell.tokens.list(limit, decodeCursor(z.string(), cursor));
      return { status: 200, body: { items, nextCursor: encodeCursor(next) } };
    },
  });

  readonly revoke = endpoint({
    summary: 'Revokes a token: it is refused from then on',
    params: idParams,
    query: nothing,
    body: noBody,
    status: 204,
    handle: async ({ params, identity, watchbell }) => {
      allowEveryJob(identity);
      await watchbell.tokens.revoke(params.id);
      return { status: 204 };
    },
  });
}
