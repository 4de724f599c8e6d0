import type { z } from 'zod';
import type { SeriesPoint } from '../domain/message/types';
import type { OutboundPolicy } from '../net/types';

/** What a source gets beside its settings and the query. */
export interface QueryContext {
  /** Unique for this attempt; a remote that can cancel by id is given it. */
  queryId: string;
  /** Wall limit of the query in ms; past it the remote's work is ended too. */
  timeoutMs: number;
  /** Aborted by timeout of the run, cancel, drain or the member's own deadline. */
  signal: AbortSignal;
  outbound: OutboundPolicy;
  /** Watchbell's own database, which a source may not read; absent where the kind cannot reach it. */
  forbiddenDatabase?: ForbiddenDatabase;
}

/** Where Watchbell keeps its own state. */
export interface ForbiddenDatabase {
  /** `name:port` as in MONGODB_URL; the port is 27017 where it is absent. */
  hosts: string[];
  database: string;
}

/** Limits of one answer (design: a check reads numbers, not tables). */
export const maxRows = 1000;
export const maxBytes = 1024 * 1024;

/**
 * A kind of data source. One file in this folder and one line in index.ts add one.
 * `Query` is what a check's `query` may be for this kind (SQL text, an aggregation …).
 */
export interface Source<Settings, Query> {
  readonly kind: string;
  /** Settings without `kind`; strict, with defaults. Secret fields are named password, key, secret or token. */
  readonly settings: z.ZodType<Settings>;
  readonly query: z.ZodType<Query>;
  /**
   * Asks the remote; throws SourceError with the remote's own message.
   * Several rows are several series: the numeric column `value` (or the only numeric one) is the value, the others labels.
   */
  read(settings: Settings, query: Query, context: QueryContext): Promise<SeriesPoint[]>;
  /** Tries it for real without a check's query and answers what the remote said (its version). Throws SourceError. */
  test(settings: Settings, context: QueryContext): Promise<{ message: string }>;
  /** Closes what was kept open for these settings, or for all where none are given; absent where nothing is kept. */
  close?(settings?: Settings): Promise<void>;
}

/** A source whose settings and queries are not typed: what the registry holds. What its schemas refuse throws SourceError `settings` or `query`. */
export interface AnySource extends Omit<Source<unknown, unknown>, 'settings' | 'query' | 'close'> {
  readonly settings: z.ZodType;
  readonly query: z.ZodType;
  /** Ends what is kept open for these settings, or for all where none are given. */
  close(settings?: unknown): Promise<void>;
}
