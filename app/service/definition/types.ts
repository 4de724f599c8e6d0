import type { JsonObject } from '../../domain/mergePatch';

/** Which definition changed; sent to the agent of this host, which reads it again from MongoDB. */
export interface DefinitionChange {
  kind: 'job' | 'source' | 'channel' | 'calendar';
  name: string;
  revision: number;
}

/** What a write asks besides its body. */
export interface WriteOptions {
  /** Who writes: kept with the definition. */
  by: string;
  precondition: Precondition;
  /** Checks everything and answers what would be stored; changes nothing. */
  dryRun: boolean;
}

/** `If-Match: "12"` and `*`, `If-None-Match: *`. */
export type Precondition = { type: 'none' } | { type: 'revision'; revision: number } | { type: 'exists' | 'absent' };

/** What a write left behind. */
export interface Written {
  created: boolean;
  /** False where the stored definition was equal already, and for a dry run. */
  changed: boolean;
  revision: number;
  /** As GET answers it. */
  view: Record<string, unknown>;
}

export interface Deleted {
  revision: number;
}

/** One page of a list. */
export interface ListQuery {
  limit: number;
  after: string | null;
  filter: Record<string, unknown>;
}

/** What the controllers use of each of jobs, sources, channels and calendars. */
export interface DefinitionSet {
  get(name: string): Promise<Record<string, unknown>>;
  list(query: ListQuery): Promise<{ items: Record<string, unknown>[]; next: string | null }>;
  put(name: string, body: JsonObject, options: WriteOptions): Promise<Written>;
  patch(name: string, patch: JsonObject, options: WriteOptions): Promise<Written>;
  delete(name: string, options: WriteOptions): Promise<Deleted>;
}
