import { z } from 'zod';
import { SourceError } from '../domain/errors';
import { safeParseStored } from '../domain/unknownFields';
import { ClickHouse } from './clickhouse';
import { MongoDb } from './mongodb';
import type { AnySource, Source } from './types';

/** Every kind of source by its name, made anew for each process: they keep connections, which `close` ends. */
export function createSources(): ReadonlyMap<string, AnySource> {
  const all: AnySource[] = [eraseSource(new ClickHouse()), eraseSource(new MongoDb())];
  return new Map(all.map(source => [source.kind, source]));
}

/** Settings and queries come from the storage as unknown: the source's own schemas give them their types back. */
function eraseSource<Settings, Query>(source: Source<Settings, Query>): AnySource {
  const settingsOf = (given: unknown) => parse(source.settings, given, 'settings', source.kind);
  return {
    kind: source.kind,
    settings: source.settings,
    query: source.query,
    read: async (given, query, context) =>
      source.read(settingsOf(given), parse(source.query, query, 'query', source.kind), context),
    test: async (given, context) => source.test(settingsOf(given), context),
    close: async given => source.close?.(given === undefined ? undefined : settingsOf(given)),
  };
}

function parse<T>(schema: z.ZodType<T>, given: unknown, what: 'settings' | 'query', kind: string): T {
  const parsed = safeParseStored(schema, given);
  if (parsed.success) return parsed.data;
  throw new SourceError(
    what,
    `The stored ${what} are not valid for ${kind}: ${z.prettifyError(parsed.error)}. Save them again.`,
  );
}
