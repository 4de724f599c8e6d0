import { z } from 'zod';
import { createSources } from '../../app/source';
import type { AnySource } from '../../app/source/types';

const all: AnySource[] = [
  {
    kind: 'mongodb',
    settings: z.strictObject({ url: z.string().regex(/^mongodb/), database: z.string() }),
    query: z.strictObject({ collection: z.string(), pipeline: z.array(z.record(z.string(), z.unknown())) }),
    read: async () => [],
    test: async () => ({ message: '6.0.5' }),
    close: async () => undefined,
  },
];

export const sources: ReadonlyMap<string, AnySource> = new Map([
  ...all.map(source => [source.kind, source] as const),
  ...createSources(),
]);
