import { pathOf, valueAt } from './paths';
import { type Doc, UnsupportedError } from './types';
import { compare } from './values';

export type Sort = Readonly<Record<string, 1 | -1>>;

/** The documents in order; equal ones stay as they stand. A missing field counts as null. */
export function sorted(documents: readonly Doc[], sort: Sort): Doc[] {
  const keys = Object.entries(sort).map(([field, direction]) => ({ path: pathOf(field), direction }));
  const keyed = documents.map(document => ({ document, values: keys.map(({ path }) => sortable(document, path)) }));
  keyed.sort((a, b) => {
    for (const [index, { direction }] of keys.entries()) {
      const order = compare(a.values[index], b.values[index]);
      if (order !== 0) return order * direction;
    }
    return 0;
  });
  return keyed.map(({ document }) => document);
}

function sortable(document: Doc, path: readonly string[]): unknown {
  const value = valueAt(document, path) ?? null;
  if (Array.isArray(value)) throw new UnsupportedError(`sorting by ${path.join('.')}, which is a list`);
  return value;
}
