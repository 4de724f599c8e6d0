import { STATUS_CODES } from 'node:http';
import type { Context, EggAppConfig, PowerPartial } from 'egg';

/**
 * HTTP as Egg is to serve it; spread into config.default.ts. Bodies are read by the routes themselves, which answer
 * every fault as a problem. No cookie is ever set or read, so there is nothing that a foreign page could use: CSRF
 * protection, which guards cookies, is off.
 */
export const http: PowerPartial<EggAppConfig> = {
  middleware: ['problem'],
  bodyParser: { enable: false },
  overrideMethod: { enable: false },
  security: {
    csrf: { enable: false },
    xframe: { enable: true, value: 'DENY' },
    csp: { enable: true, policy: { 'default-src': "'none'", 'frame-ancestors': "'none'" } },
  },
  /** What fails outside of the routes, such as a path that climbs out of its folder. */
  onerror: {
    all(error: { status?: number }, ctx: Context) {
      const status = error.status ?? 500;
      ctx.status = status;
      ctx.set('Content-Type', 'application/problem+json; charset=utf-8');
      const title = STATUS_CODES[status] ?? 'Error';
      ctx.body = JSON.stringify({ type: 'about:blank', title, status, detail: title });
    },
  },
};
