import type { IndexDescription } from 'mongodb';
import type { z } from 'zod';

/** One collection: its name, the schema that every document read from it passes, and its indexes. */
export interface Model<Schema extends z.ZodType> {
  readonly collection: string;
  readonly schema: Schema;
  readonly indexes: IndexDescription[];
}

export function defineModel<Schema extends z.ZodType>(model: Model<Schema>): Model<Schema> {
  return model;
}
