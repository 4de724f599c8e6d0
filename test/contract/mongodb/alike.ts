import { MongoBulkWriteError, MongoError } from 'mongodb';
import { expect } from 'vitest';

/** What both clocks may be apart, and what passes between the same step in both. */
const toleranceMs = 4000;
const recent = Date.now() - 60_000;
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What a step came to: its answer, or the error as a caller sees it. */
export async function outcomeOf(step: () => unknown): Promise<unknown> {
  try {
    return { answer: plain(await step()) };
  } catch (error) {
    return { error: errorShape(error) };
  }
}

/** Both say the same, but for the moment at which each did it, and for ids drawn by each. */
export function expectAlike(model: unknown, mongod: unknown, what: string): void {
  expect(likened(model, mongod), what).toStrictEqual(withoutIds(mongod));
}

/** The model's value with the other's moments in the place of its own. */
function likened(model: unknown, mongod: unknown): unknown {
  if (model instanceof Date && mongod instanceof Date) return isSameMoment(model, mongod) ? mongod : model;
  if (typeof model === 'string') return withoutIds(model);
  if (Array.isArray(model) && Array.isArray(mongod)) return model.map((item, at) => likened(item, mongod[at]));
  if (!isFields(model) || !isFields(mongod)) return model;
  return Object.fromEntries(Object.entries(model).map(([name, value]) => [name, likened(value, mongod[name])]));
}

function isSameMoment(one: Date, other: Date): boolean {
  return one.getTime() > recent && Math.abs(one.getTime() - other.getTime()) < toleranceMs;
}

/** With drawn ids, and moments told in a text, named alike. */
function withoutIds(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(uuid, 'drawn').replace(/it is \S+ now/, 'it is now');
  if (Array.isArray(value)) return value.map(withoutIds);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutIds(inner)]));
}

/** Maps and sets as lists in an order of their own. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return inOrder([...value].map(plain));
  if (value instanceof Set) return inOrder([...value].map(plain));
  if (value instanceof Date || !isFields(value)) return Array.isArray(value) ? value.map(plain) : value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** In an order of their own, in which drawn ids and the present moment are no matter. */
export function inOrder(list: readonly unknown[]): unknown[] {
  const keyed = list.map(item => ({
    item,
    key: `${isFields(item) ? keyPart('', item['_id']) : ''}${JSON.stringify(item, keyPart)}`,
  }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item);
}

function keyPart(_name: string, value: unknown): unknown {
  if (isFields(value)) return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (typeof value !== 'string') return value;
  const moment = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  return moment > recent && moment < recent + 200 * 86_400_000 ? 'now' : withoutIds(value);
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function errorShape(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error instanceof Error ? [error.name, error.message] : error;
  const fields: Record<string, unknown> = { ...error };
  const { keyPattern, keyValue } = fields;
  return {
    name: error.name,
    code: error.code,
    labels: [...error.errorLabels].sort(),
    keyPattern,
    keyValue,
    message: error.code === 11000 ? error.message.replace(/collection: \w+\./, 'collection: ') : undefined,
    ...(error instanceof MongoBulkWriteError ? bulkShape(error) : {}),
  };
}

function bulkShape(error: MongoBulkWriteError): object {
  const { insertedCount, matchedCount, modifiedCount, upsertedCount, insertedIds, upsertedIds } = error;
  const counts = { insertedCount, matchedCount, modifiedCount, upsertedCount, insertedIds, upsertedIds };
  const faults = error.result.getWriteErrors().map(({ index, code }) => ({ index, code }));
  const listed = [error.writeErrors].flat().map(({ index, code }) => ({ index, code }));
  return { counts, faults, listed, concern: error.result.getWriteConcernError() };
}
