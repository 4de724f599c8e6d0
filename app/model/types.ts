import type { IndexDescription } from 'mongodb';
import { looseObject, type z } from 'zod';

/** One collection: its name, the schema that every document read from it passes, and its indexes. */
export interface Model<Schema extends z.ZodType> {
  readonly collection: string;
  readonly schema: Schema;
  readonly indexes: IndexDescription[];
}

export function defineModel<Schema extends z.ZodType>(model: Model<Schema>): Model<Schema> {
  return model;
}

/**
 * A part of a document that is written back as it was read: what a newer version has put there stays. It is typed as if
 * there were no more than the shape: nothing here may look at the rest.
 */
export function carried<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return looseObject(shape);
}
