import { z } from 'zod';
import type { AnySource } from '../../app/source/types';

const all: AnySource[] = [
  {
    kind: 'clickhouse',
    settings: z.strictObject({
      url: z.url(),
      user: z.string().default('default'),
      password: z.string().default(''),
      database: z.string().default('default'),
      timeoutMs: z.number().default(10_000),
    }),
    query: z.string().min(1),
    read: async () => [],
    test: async () => ({ message: '18.16.1' }),
    close: async () => undefined,
  },
  {
    kind: 'mongodb',
    settings: z.strictObject({ url: z.string().regex(/^mongodb/), database: z.string() }),
    query: z.strictObject({ collection: z.string(), pipeline: z.array(z.record(z.string(), z.unknown())) }),
    read: async () => [],
    test: async () => ({ message: '6.0.5' }),
    close: async () => undefined,
  },
];

export const sources: ReadonlyMap<string, AnySource> = new Map(all.map(source => [source.kind, source]));
