import { z } from 'zod';
import { SourceError } from '../../../app/domain/errors';
import type { AnySource, QueryContext } from '../../../app/source/types';
import type { Remote } from './types';

declare const simulated: Remote;

const settings = z.strictObject({ maxConcurrent: z.int().default(10) });
const query = z.strictObject({ work: z.string() });

/** In the place of app/source/index.ts: the one kind of source of a simulated world. */
export function createSources(): ReadonlyMap<string, AnySource> {
  const source: AnySource = {
    kind: 'simulated',
    settings,
    query,
    read: async (_given, asked, context) => await read(query.parse(asked).work, context),
    test: async () => ({ message: 'simulated' }),
    close: async () => undefined,
  };
  return new Map([[source.kind, source]]);
}

async function read(work: string, { queryId, signal }: QueryContext) {
  try {
    return await simulated.read(work, queryId, signal);
  } catch (error) {
    throw new SourceError('remote', error instanceof Error ? error.message : String(error));
  }
}
