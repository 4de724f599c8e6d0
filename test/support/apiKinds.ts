import { z } from 'zod';

const rule = z.strictObject({
  op: z.enum(['>', '<']),
  threshold: z.number(),
  recovery: z.number().nullable().default(null),
  forMs: z.number().default(0),
  noData: z.enum(['noData', 'ok']).default('noData'),
  onError: z.enum(['error', 'ok']).default('error'),
});
const settings = z.strictObject({ source: z.string(), query: z.unknown(), rule });
export const executors = new Map([
  [
    'check',
    {
      kind: 'check',
      settings,
      references: (s: unknown) => {
        const p = settings.parse(s);
        return [{ source: p.source, query: p.query }];
      },
    },
  ],
]);
export const sources = new Map([
  [
    'clickhouse',
    {
      kind: 'clickhouse',
      settings: z.strictObject({
        url: z.url(),
        user: z.string().default('default'),
        password: z.string().default(''),
        database: z.string().default('default'),
        timeoutMs: z.number().default(10000),
      }),
      query: z.string().min(1),
      test: async () => ({ message: '18.16.1' }),
    },
  ],
  [
    'mongodb',
    {
      kind: 'mongodb',
      settings: z.strictObject({
        url: z.string().regex(/^mongodb/),
        database: z.string(),
        timeoutMs: z.number().default(10000),
      }),
      query: z.strictObject({ collection: z.string(), pipeline: z.array(z.record(z.string(), z.unknown())) }),
      test: async () => ({ message: '6.0.5' }),
    },
  ],
]);
