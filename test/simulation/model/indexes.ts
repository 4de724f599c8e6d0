import { type IndexSpec, type Table, UniqueIndex } from './table';
import { type Doc, UnsupportedError } from './types';
import { equal, isDoc } from './values';

const known = ['key', 'name', 'unique', 'partialFilterExpression', 'expireAfterSeconds'];

/** Makes the indexes that do not exist; those that expire documents do not (no time passes in here by itself). */
export function createIndexes(table: Table, indexes: readonly Doc[]): string[] {
  return indexes.map(index => {
    const spec = specOf(index);
    const existing = table.indexes.get(spec.name);
    if (existing === undefined) add(table, spec);
    else if (!equal(fieldsOf(existing), fieldsOf(spec))) throw new UnsupportedError(`another index named ${spec.name}`);
    return spec.name;
  });
}

function fieldsOf(spec: IndexSpec): Doc {
  return Object.fromEntries(spec.fields);
}

function specOf(index: Doc): IndexSpec {
  for (const name of Object.keys(index)) {
    if (!known.includes(name)) throw new UnsupportedError(`${name} of an index`);
  }
  const { key, name, unique = false, partialFilterExpression = null } = index;
  if (!isDoc(key) || typeof name !== 'string' || typeof unique !== 'boolean') throw new UnsupportedError('this index');
  if (partialFilterExpression !== null && !isDoc(partialFilterExpression)) throw new UnsupportedError('this index');
  const fields = Object.entries(key).map(([field, direction]) => {
    if (direction !== 1 && direction !== -1) throw new UnsupportedError(`an index by ${String(direction)}`);
    return [field, direction] as const;
  });
  return { name, fields, unique, filter: partialFilterExpression };
}

function add(table: Table, spec: IndexSpec): void {
  table.indexes.set(spec.name, spec);
  if (!spec.unique) return;
  const index = new UniqueIndex(spec);
  for (const entry of table.entries.values()) {
    const key = index.keyOf(entry.doc);
    if (key === null) continue;
    if (index.holders.has(key)) throw new UnsupportedError(`a unique index over keys that stand twice: ${spec.name}`);
    index.holders.set(key, entry);
  }
  table.unique.push(index);
}
