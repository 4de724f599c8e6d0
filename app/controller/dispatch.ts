import type { Context } from 'egg';
import { type Access, authorize } from './access';
import type { Endpoint, Reply } from './endpoint';
import { inTime } from './inTime';
import { readBody } from './requestBody';

/** The work of a route as Egg calls it: token first, then the whole request, then the handler. */
export function dispatch(access: Access, endpoint: Endpoint): (ctx: Context) => Promise<void> {
  return async ctx => {
    const { watchbell } = ctx.app;
    const query = queryOf(ctx);
    const queryToken = typeof query['token'] === 'string' ? query['token'] : undefined;
    const given = { authorization: ctx.get('authorization'), queryToken };
    const identity = await inTime(authorize(access, given, watchbell));
    // Whoever looks into a difference between workers sees which one answered; strangers do not.
    if (access !== 'public') ctx.set('Watchbell-Member', watchbell.memberId());
    const params: unknown = ctx['params'];
    const answer = endpoint.run({
      ...{ params, query, identity, watchbell },
      header: name => ctx.get(name),
      readBody: types => readBody(ctx.req, types),
    });
    // A write tells of its own outcome; a read that is late helps nobody.
    send(ctx, await (ctx.method === 'GET' ? inTime(answer) : answer));
  };
}

/** A parameter that came once is a text, one that came several times a list. */
function queryOf(ctx: Context): Record<string, string | string[]> {
  const parameters = new URLSearchParams(ctx.querystring);
  const names = [...new Set(parameters.keys())];
  return Object.fromEntries(
    names.map(name => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

function send(ctx: Context, { status, body, type, headers = {} }: Reply): void {
  ctx.status = status;
  ctx.set({ 'Cache-Control': 'no-store', ...headers });
  if (body === undefined) {
    ctx.body = null;
    ctx.status = status;
    return;
  }
  ctx.body = type === undefined ? JSON.stringify(body) : body;
  ctx.set('Content-Type', type ?? 'application/json; charset=utf-8');
}
