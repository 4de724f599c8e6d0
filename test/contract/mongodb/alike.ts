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
  const ids = new Map<string, string>();
  expect(likened(model, mongod, ids), what).toStrictEqual(mongod);
}

/** The model's value with the other's moments and drawn ids in the place of its own. */
function likened(model: unknown, mongod: unknown, ids: Map<string, string>): unknown {
  if (model instanceof Date && mongod instanceof Date) return sameMoment(model, mongod) ? mongod : model;
  if (typeof model === 'string' && typeof mongod === 'string') return sameText(model, mongod, ids);
  if (typeof model === 'number' && typeof mongod === 'number' && Math.abs(model - mongod) < toleranceMs) {
    return isAfterNow(model) ? mongod : model;
  }
  if (Array.isArray(model) && Array.isArray(mongod)) return model.map((item, at) => likened(item, mongod[at], ids));
  if (!isFields(model) || !isFields(mongod)) return model;
  return Object.fromEntries(Object.entries(model).map(([name, value]) => [name, likened(value, mongod[name], ids)]));
}

function sameMoment(one: Date, other: Date): boolean {
  return one.getTime() > recent && Math.abs(one.getTime() - other.getTime()) < toleranceMs;
}

/** Spans until a moment, which shrink while the test runs. */
function isAfterNow(span: number): boolean {
  return !Number.isInteger(span) || span > 20;
}

function sameText(model: string, mongod: string, ids: Map<string, string>): string {
  const theirs = mongod.match(uuid) ?? [];
  let at = 0;
  return model.replace(uuid, mine => {
    const other = ids.get(mine) ?? theirs[at] ?? mine;
    at += 1;
    ids.set(mine, other);
    return other;
  });
}

/** Maps and sets as lists in an order of their own. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return inOrder([...value].map(plain));
  if (value instanceof Set) return inOrder([...value].map(plain));
  if (value instanceof Date || !isFields(value)) return Array.isArray(value) ? value.map(plain) : value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

export function inOrder(list: readonly unknown[]): unknown[] {
  return [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
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
