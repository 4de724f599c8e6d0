import type { z } from 'zod';

/** What a definition's body is checked by: the part of a source, a channel or an executor that says what it takes. */
export interface RemoteKind {
  readonly kind: string;
  readonly settings: z.ZodType;
}

export interface SourceKind extends RemoteKind {
  readonly query: z.ZodType;
}

export interface JobKind extends RemoteKind {
  references(settings: unknown): { source: string; query: unknown }[];
}
