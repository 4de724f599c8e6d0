import type { Application, Context } from 'egg';
import { AppError, NotFoundError } from '../domain/errors';
import { type Problem, problemOf } from '../service/problem';

/** Every error leaves as application/problem+json, unknown URLs and methods too. */
export default function problemMiddleware(_options: unknown, app: Application) {
  return async function problem(ctx: Context, next: () => Promise<unknown>): Promise<void> {
    ctx.set('Referrer-Policy', 'no-referrer');
    try {
      await next();
      if (ctx.status === 404 && (ctx.body === undefined || ctx.body === null)) throw noRoute(app, ctx);
    } catch (error) {
      const { method, path } = ctx;
      answer(ctx, problemOf(error, app.watchbell.log, { method, path }));
    }
  };
}

function noRoute(app: Application, ctx: Context): AppError {
  const methods = [...new Set(app.router.match(ctx.path, ctx.method).path.flatMap(layer => layer.methods))];
  if (methods.length === 0) return new NotFoundError(`There is nothing at ${ctx.path}.`);
  ctx.set('Allow', methods.join(', '));
  const detail = `${ctx.path} takes ${methods.join(', ')}, not ${ctx.method}.`;
  return new AppError('methodNotAllowed', { status: 405, title: 'Method not allowed', detail });
}

function answer(ctx: Context, { status, headers, body }: Problem): void {
  ctx.status = status;
  ctx.set({ 'Cache-Control': 'no-store', ...headers });
  ctx.body = JSON.stringify(body);
  ctx.set('Content-Type', 'application/problem+json; charset=utf-8');
}
