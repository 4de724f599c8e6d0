import type { AnyBulkWriteOperation, ClientSession, Collection, Document } from 'mongodb';
import type { z } from 'zod';
import { AlertConflictError } from '../domain/alert/errors';
import type { Alert, Transition } from '../domain/alert/types';
import { FenceLostError } from '../domain/run/errors';
import { type AlertDoc, alertModel, transitionModel } from '../model/alert';
import { type RunDoc, runModel } from '../model/run';
import { type Database, isDuplicateKey, primaryMajority } from './database';
import { type IdDocument, versioned } from './versioned';

/** Alerts of one transaction: MongoDB keeps each short, whatever a query answers. */
const chunkSize = 200;

export interface ConcludeInput {
  run: {
    id: string;
    fence: number;
    /** The terminal state and what else to set; the slot is given up in the same write. */
    finish: { state: Exclude<RunDoc['state'], 'queued' | 'running'>; finishedAt: Date } & Partial<
      Omit<RunDoc, '_id' | 'fence' | 'slot' | 'chunks'>
    >;
  };
  /** The alerts as they were read for the evaluation. */
  before: readonly Alert[];
  /** What evaluate answered. */
  after: readonly Alert[];
  transitions: readonly Transition[];
  retention: { transitionExpireAt: Date; closedAlertExpireAt: Date };
}

/**
 * Applies an evaluation and finishes its run in one transaction: the run first, then each alert, only where both are as they were read.
 * More than 200 alerts go in chunks, each touching the run and only the last finishing it: after a crash in between the
 * run is still running, and its next owner evaluates again under a higher fence what the chunks have applied.
 *
 * Throws FenceLostError (the run is not ours any more) and AlertConflictError (an alert changed since it was read: read
 * again, evaluate again), both with nothing of their chunk applied; MongoDB's own error where the outcome may be unknown:
 * ask concluded.
 */
export async function conclude(database: Database, conclusion: ConcludeInput): Promise<void> {
  const { after, run } = conclusion;
  const count = Math.max(Math.ceil(after.length / chunkSize), 1);
  for (let index = 0; index < count; index++) {
    const alerts = after.slice(index * chunkSize, (index + 1) * chunkSize);
    const change: Document =
      index < count - 1 ? { $inc: { chunks: 1 } } : { $set: run.finish, $unset: { slot: '', chunks: '' } };
    await database.transaction(async session => {
      await touchRun(database, session, run, change);
      if (alerts.length > 0) await applyAlerts(database, session, conclusion, alerts);
    });
  }
}

/**
 * Reads a run back after a conclude with an unknown outcome: `concluded` under this fence, still `running` under it
 * (not applied, or its commit has yet to land: conclude may be tried again), or `lost` to another owner.
 */
export async function concluded(
  database: Database,
  runId: string,
  fence: number,
): Promise<'concluded' | 'running' | 'lost'> {
  const stored = await database.collection(runModel).findOne({ _id: runId, fence }, primaryMajority);
  if (stored === null) return 'lost';
  const { state } = runModel.schema.parse(stored);
  return state === 'running' || state === 'queued' ? 'running' : 'concluded';
}

async function touchRun(
  database: Database,
  session: ClientSession,
  { id, fence }: ConcludeInput['run'],
  change: Document,
): Promise<void> {
  const mine = { _id: id, fence, state: 'running' };
  const { matchedCount } = await database.collection(runModel).updateOne(mine, change, { session });
  if (matchedCount !== 1) throw new FenceLostError(id, fence);
}

async function applyAlerts(
  database: Database,
  session: ClientSession,
  conclusion: ConcludeInput,
  alerts: readonly Alert[],
): Promise<void> {
  const before = new Map(conclusion.before.map(alert => [alert.alertId, alert]));
  const { closedAlertExpireAt, transitionExpireAt } = conclusion.retention;
  const writes = alerts.map(alert => alertWrite(before.get(alert.alertId), alert, closedAlertExpireAt));
  const runId = conclusion.run.id;
  try {
    const result = await bulkCollection(database, alertModel).bulkWrite(writes, { session });
    if (result.matchedCount + result.insertedCount !== alerts.length) throw new AlertConflictError(runId);
  } catch (error) {
    if (isDuplicateKey(error)) throw new AlertConflictError(runId, { cause: error });
    throw error;
  }
  const ids = new Set(alerts.map(alert => alert.alertId));
  const history = conclusion.transitions
    .filter(transition => ids.has(transition.alertId))
    .map(transition => transitionWrite({ ...transition, runId, expireAt: transitionExpireAt }));
  if (history.length > 0) await bulkCollection(database, transitionModel).bulkWrite(history, { session });
}

/**
 * The driver (7.5) takes a timeoutMS inherited from the client for one given to the operation, and refuses bulkWrite in
 * a transaction for it. Without its own limit the collection is bound by that of the transaction.
 */
function bulkCollection(database: Database, model: { readonly collection: string }): Collection<IdDocument> {
  const unlimited = database.client.db(database.db.databaseName, { timeoutMS: undefined });
  return versioned(unlimited.collection<IdDocument>(model.collection), database.written);
}

type Write = AnyBulkWriteOperation<IdDocument>;

function alertWrite(before: Alert | undefined, after: Alert, closedAlertExpireAt: Date): Write {
  const { alertId: _id, outbox, ...fields } = after;
  const expiry = after.closed ? { expireAt: closedAlertExpireAt } : {};
  if (before === undefined) {
    const document: AlertDoc = { _id, ...fields, outbox, hasOutbox: outbox.length > 0, ...expiry };
    return { insertOne: { document } };
  }
  const { seq, closed, token } = before;
  const asRead = { _id, seq, closed, 'token.scheduledAt': token.scheduledAt, 'token.fence': token.fence };
  const update = {
    $set: { ...fields, ...expiry, ...outboxChange.whole(before, after) },
    ...outboxChange.added(before, after),
    ...(after.closed ? {} : { $unset: { expireAt: '' } }),
  };
  return { updateOne: { filter: asRead, update } };
}

/**
 * The relay pulls entries without changing seq, so what was read may be gone by now. New entries are therefore pushed
 * beside whatever is there; only an outbox that overflowed is written whole (an entry relayed twice is one delivery).
 */
const outboxChange = {
  added(before: Alert, after: Alert): { $push?: Document } {
    const entries = newEntries(before, after);
    return entries.length === 0 || overflowed(before, after) ? {} : { $push: { outbox: { $each: entries } } };
  },
  whole(before: Alert, after: Alert): Partial<AlertDoc> {
    if (overflowed(before, after)) return { outbox: after.outbox, hasOutbox: true };
    return newEntries(before, after).length === 0 ? {} : { hasOutbox: true };
  },
};

function newEntries(before: Alert, after: Alert) {
  return after.outbox.filter(entry => entry.seq > before.seq);
}

function overflowed(before: Alert, after: Alert): boolean {
  return after.outbox.length < before.outbox.length + newEntries(before, after).length;
}

/** An upsert: an alert that expired and is made anew counts from 1, while its old history may not have expired yet. */
function transitionWrite(transition: Omit<z.infer<typeof transitionModel.schema>, '_id'>): Write {
  const _id = `${transition.alertId}/${transition.seq}`;
  return { replaceOne: { filter: { _id }, replacement: transition, upsert: true } };
}
