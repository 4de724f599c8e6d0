import type { Collection, Document } from 'mongodb';
import { assertReadable, oldestWritable } from '../model/schemaVersion';

export type IdDocument = Document & { _id: string };

/** In which form this process writes. */
export class WrittenSchema {
  /** The lowest until it is known that every live member reads more. */
  version = oldestWritable;
}

type Arguments = readonly unknown[];
type Stamp = (given: Arguments, version: number) => unknown[];

const stamps: ReadonlyMap<string, Stamp> = new Map<string, Stamp>([
  ['insertOne', ([document, ...rest], version) => [whole(document, version), ...rest]],
  ['insertMany', ([documents, ...rest], version) => [list(documents).map(one => whole(one, version)), ...rest]],
  ['updateOne', changing],
  ['updateMany', changing],
  ['findOneAndUpdate', changing],
  ['replaceOne', ([filter, document, ...rest], version) => [filter, whole(document, version), ...rest]],
  ['findOneAndReplace', ([filter, document, ...rest], version) => [filter, whole(document, version), ...rest]],
  ['bulkWrite', ([writes, ...rest], version) => [list(writes).map(write => bulkEntry(write, version)), ...rest]],
]);
const unstamped = new Set(['initializeOrderedBulkOp', 'initializeUnorderedBulkOp']);

/**
 * A collection whose documents all carry `v`: the newest form that anything in them was written in. Every write raises it,
 * none lowers it; a document that is read with a form beyond what this build reads throws SchemaVersionError. A seam of
 * its own, so that no repository can forget it.
 */
export function versioned(collection: Collection<IdDocument>, written: WrittenSchema): Collection<IdDocument> {
  return new Proxy(collection, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof name !== 'string' || typeof method !== 'function') return method;
      if (unstamped.has(name)) throw new Error(`${name} leaves documents without their schema version: use bulkWrite.`);
      const call = (...given: unknown[]): unknown => {
        const stamp = stamps.get(name);
        return Reflect.apply(method, target, stamp === undefined ? given : stamp(given, written.version));
      };
      if (name === 'find') return (...given: Parameters<typeof target.find>) => target.find(...given).map(readable);
      if (name !== 'findOne' && name !== 'findOneAndUpdate') return call;
      return async (...given: unknown[]) => readable(await call(...given));
    },
  });
}

function readable<T>(document: T): T {
  const version = isFields(document) ? document['v'] : undefined;
  if (typeof version === 'number') assertReadable(version, 'a stored document');
  return document;
}

function whole(document: unknown, version: number): Document {
  const fields = isFields(document) ? document : {};
  const before = fields['v'];
  if (typeof before === 'number') return { ...fields, v: Math.max(before, version) };
  // In front: an object is copied four times faster so, and a claim makes a thousand at once.
  return { v: version, ...fields };
}

function changing([filter, update, ...rest]: Arguments, version: number): unknown[] {
  return [filter, changed(update, version), ...rest];
}

/** One that only inserts leaves what exists untouched; any other raises the version of what it changes. */
function changed(update: unknown, version: number): unknown {
  if (Array.isArray(update)) return [...update, { $set: { v: { $max: ['$v', version] } } }];
  if (!isFields(update)) return update;
  const operators = Object.keys(update);
  const raises = operators.length === 1 && operators[0] === '$setOnInsert' ? '$setOnInsert' : '$max';
  const others = update[raises];
  return { ...update, [raises]: { ...(isFields(others) ? others : {}), v: version } };
}

function bulkEntry(write: unknown, version: number): unknown {
  if (!isFields(write)) return write;
  return Object.fromEntries(
    Object.entries(write).map(([name, given]) => [name, isFields(given) ? inBulk(name, given, version) : given]),
  );
}

function inBulk(name: string, given: Document, version: number): Document {
  switch (name) {
    case 'insertOne':
      return { ...given, document: whole(given['document'], version) };
    case 'replaceOne':
      return { ...given, replacement: whole(given['replacement'], version) };
    case 'updateOne':
    case 'updateMany':
      return { ...given, update: changed(given['update'], version) };
    default:
      return given;
  }
}

function isFields(value: unknown): value is Document {
  return typeof value === 'object' && value !== null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
