import type * as Driver from 'mongodb';
import type { Collection } from './collection';
import type { Progress, UpdateStatement } from './commands';
import type { CommonOptions } from './options';
import { BulkWriteResult, real, WriteError } from './real';
import { replacementOf, statementOf, stored } from './statements';
import { type Doc, UnsupportedError } from './types';
import { isDoc } from './values';

export type BulkOperation = Readonly<Record<string, unknown>>;
type Options = CommonOptions & { ordered?: boolean };

/** What the parts of a bulk have come to, in the driver's own shape. */
interface Tally {
  ok: 1;
  writeErrors: Driver.WriteError[];
  writeConcernErrors: [];
  insertedIds: { index: number; _id: unknown }[];
  nInserted: number;
  nUpserted: number;
  nMatched: number;
  nModified: number;
  nRemoved: number;
  upserted: { index: number; _id: unknown }[];
}

interface Insert {
  index: number;
  document: Doc;
}

interface Update {
  index: number;
  statement: UpdateStatement;
}

/** Operations of one kind: one command. */
type Batch = { inserts: Insert[] } | { updates: Update[] };

/** insertMany is a bulk of inserts. */
export async function mergedInserts(collection: Collection, documents: readonly Doc[], options: Options) {
  const inserts = documents.map((document, index) => ({ index, document }));
  const { insertedCount, insertedIds } = await run(collection, [{ inserts }], options);
  return { acknowledged: true as const, insertedCount, insertedIds };
}

export async function bulkWrite(collection: Collection, operations: readonly BulkOperation[], options: Options) {
  if (operations.length === 0) throw new real.MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
  return await run(collection, batchesOf(operations, options.ordered !== false), options);
}

/** Ordered, a batch ends where the kind changes; else there is one of each kind. */
function batchesOf(operations: readonly BulkOperation[], ordered: boolean): Batch[] {
  const batches: Batch[] = [];
  for (const [index, operation] of operations.entries()) {
    const item = itemOf(operation, index);
    const fitting = (ordered ? batches.slice(-1) : batches).find(batch => 'inserts' in batch === 'document' in item);
    if ('document' in item) {
      if (fitting !== undefined && 'inserts' in fitting) fitting.inserts.push(item);
      else batches.push({ inserts: [item] });
    } else if (fitting !== undefined && 'updates' in fitting) fitting.updates.push(item);
    else batches.push({ updates: [item] });
  }
  return batches;
}

function itemOf(operation: BulkOperation, index: number): Insert | Update {
  const [[name, parts] = ['', null]] = Object.entries(operation);
  if (!isDoc(parts)) throw new UnsupportedError(`the operation ${name} of a bulk`);
  const { filter, document, update, replacement, upsert = false, ...others } = parts;
  if (Object.keys(others).length > 0) throw new UnsupportedError(`${Object.keys(others).join()} of ${name} in a bulk`);
  if (name === 'insertOne' && isDoc(document)) return { index, document: stored(document) };
  if (isDoc(filter) && typeof upsert === 'boolean') {
    if (name === 'updateOne') return { index, statement: statementOf(filter, update, { upsert, multi: false }) };
    if (name === 'updateMany') return { index, statement: statementOf(filter, update, { upsert, multi: true }) };
    if (name === 'replaceOne' && isDoc(replacement)) {
      return { index, statement: replacementOf(filter, replacement, upsert) };
    }
  }
  throw new UnsupportedError(`the operation ${name} of a bulk`);
}

async function run(collection: Collection, batches: readonly Batch[], options: Options) {
  const ordered = options.ordered !== false;
  const tally = { ...emptyTally(), insertedIds: insertedIds(batches, ordered) };
  for (const batch of batches) {
    try {
      if ('inserts' in batch) await runInserts(collection, batch.inserts, ordered, options, tally);
      else await runUpdates(collection, batch.updates, ordered, options, tally);
    } catch (error) {
      if (!(error instanceof real.MongoError)) throw error;
      throw new real.MongoBulkWriteError(error, resultOf(tally, ordered));
    }
    if (ordered) refuseErrors(tally, ordered);
  }
  refuseErrors(tally, ordered);
  return resultOf(tally, ordered);
}

/** Of all that will be inserted; in an unordered bulk they are numbered by themselves. */
function insertedIds(batches: readonly Batch[], ordered: boolean): Tally['insertedIds'] {
  const inserts = batches.flatMap(batch => ('inserts' in batch ? batch.inserts : []));
  return inserts.map(({ index, document }, at) => ({ index: ordered ? index : at, _id: document['_id'] }));
}

async function runInserts(
  collection: Collection,
  inserts: readonly Insert[],
  ordered: boolean,
  options: Options,
  tally: Tally,
): Promise<void> {
  const documents = inserts.map(({ document }) => document);
  const faults = await collection.insertBatch(documents, ordered, options);
  for (const { index, error } of faults) {
    tally.writeErrors.push(writeError(inserts[index]?.index ?? index, error, documents[index] ?? {}));
  }
  const attempted = ordered ? (faults[0]?.index ?? documents.length) : documents.length - faults.length;
  tally.nInserted += attempted;
}

async function runUpdates(
  collection: Collection,
  updates: readonly Update[],
  ordered: boolean,
  options: Options,
  tally: Tally,
): Promise<void> {
  const statements = updates.map(({ statement }) => statement);
  const { faults, memo } = await collection.updateBatch(statements, ordered, options);
  for (const { index, error } of faults) {
    const { filter = {}, update } = statements[index] ?? {};
    tally.writeErrors.push(writeError(updates[index]?.index ?? index, error, { q: filter, u: update }));
  }
  for (const [at, progress] of memo.entries()) count(tally, progress, updates[at]?.index ?? at);
}

function count(tally: Tally, { done, matched, modified, upsertedId }: Progress, index: number): void {
  if (!done) return;
  tally.nMatched += matched;
  tally.nModified += modified;
  if (upsertedId === undefined) return;
  tally.nUpserted++;
  tally.upserted.push({ index, _id: upsertedId });
}

function emptyTally(): Tally {
  return {
    ok: 1,
    writeErrors: [],
    writeConcernErrors: [],
    insertedIds: [],
    nInserted: 0,
    nUpserted: 0,
    nMatched: 0,
    nModified: 0,
    nRemoved: 0,
    upserted: [],
  };
}

function writeError(index: number, error: unknown, op: Doc): Driver.WriteError {
  if (!(error instanceof real.MongoServerError)) throw error;
  return new WriteError({ index, code: Number(error.code), errmsg: error.message, errInfo: {}, op });
}

function refuseErrors(tally: Tally, ordered: boolean): void {
  const [first] = tally.writeErrors;
  if (first === undefined) return;
  const error = { message: first.errmsg ?? 'write operation failed', code: first.code, writeErrors: tally.writeErrors };
  throw new real.MongoBulkWriteError(error, resultOf(tally, ordered));
}

function resultOf(tally: Tally, ordered: boolean): Driver.BulkWriteResult {
  return new BulkWriteResult({ ...tally }, ordered);
}
