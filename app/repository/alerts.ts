import type { Document, Filter } from 'mongodb';
import { z } from 'zod';
import { alertIdsOf, noLabels } from '../domain/alert/identity';
import type { Alert, AlertState, CheckResult, Transition } from '../domain/alert/types';
import { ValidationError } from '../domain/errors';
import type { Labels } from '../domain/message/types';
import { type AlertDoc, alertModel, transitionModel } from '../model/alert';
import { type Database, primaryMajority } from './database';

export interface AlertFilter {
  state?: AlertState;
  job?: string;
  /** At most 500. */
  limit: number;
  /** The `nextCursor` of the page before. */
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  /** null: this was the last page. */
  nextCursor: string | null;
}

/** A transition with the run that made it. */
export type StoredTransition = Transition & { runId: string };

const maxPage = 500;
const maxClosingPasses = 100;
const seqCursor = z.coerce.number().int().min(0);

/** The states of all rules and series. Evaluations are written by conclude; here they are read, relayed and closed. */
export class Alerts {
  private readonly collection;
  private readonly transitionCollection;

  constructor(database: Database) {
    this.collection = database.collection(alertModel);
    this.transitionCollection = database.collection(transitionModel);
  }

  /**
   * What evaluate needs: the open alerts of (job, createdRevision) and the closed ones that the result opens again; only of
   * series with these own labels.
   */
  async forEvaluation(
    job: string,
    createdRevision: number,
    result: CheckResult,
    own: Labels = noLabels,
  ): Promise<Alert[]> {
    const ids = alertIdsOf(job, createdRevision, result, own);
    const labels = Object.fromEntries(Object.entries(own).map(([name, value]) => [`series.${name}`, value]));
    const open = { job, jobCreatedRevision: createdRevision, closed: false, ...labels };
    return await this.read({ $or: [open, { _id: { $in: ids }, closed: true }] });
  }

  /** The open alerts of (job, createdRevision) that are of none of these hosts. */
  async ofOtherHosts(job: string, createdRevision: number, hostIds: readonly string[]): Promise<Alert[]> {
    const others = { 'series.host': { $nin: [...hostIds] } };
    return await this.read({ job, jobCreatedRevision: createdRevision, closed: false, ...others });
  }

  /** The open alerts of (job, createdRevision). */
  async open(job: string, createdRevision: number): Promise<Alert[]> {
    return await this.read({ job, jobCreatedRevision: createdRevision, closed: false });
  }

  /** Open alerts in the order of their ids. Throws ValidationError for a cursor that is none. */
  async list({ state, job, limit, cursor }: AlertFilter): Promise<Page<Alert>> {
    const size = Math.min(limit, maxPage);
    const after = cursor === undefined ? {} : { _id: { $gt: idOf(cursor) } };
    const filter = { closed: false, ...(state && { state }), ...(job && { job }), ...after };
    const found = await this.collection
      .find(filter, primaryMajority)
      .sort({ _id: 1 })
      .limit(size + 1)
      .toArray();
    return pageOf(found.map(parsed), size, last => Buffer.from(last.alertId).toString('base64url'));
  }

  /** One alert, open or closed; null where there is none. */
  async get(alertId: string): Promise<Alert | null> {
    const stored = await this.collection.findOne({ _id: alertId }, primaryMajority);
    return stored === null ? null : parsed(stored);
  }

  /** The history of an alert, newest first. Throws ValidationError for a cursor that is none. */
  async transitions(alertId: string, options: { limit: number; cursor?: string }): Promise<Page<StoredTransition>> {
    const size = Math.min(options.limit, maxPage);
    const before = options.cursor === undefined ? {} : { seq: { $lt: seqOf(options.cursor) } };
    const found = await this.transitionCollection
      .find({ alertId, ...before }, primaryMajority)
      .sort({ seq: -1 })
      .limit(size + 1)
      .toArray();
    const items = found.map(stored => {
      const { _id, expireAt, ...transition } = transitionModel.schema.parse(stored);
      return transition;
    });
    return pageOf(items, size, last => String(last.seq));
  }

  /** Alerts whose messages are not all deliveries yet, for the relay. */
  async withOutbox(limit: number): Promise<Alert[]> {
    const found = await this.collection.find({ hasOutbox: true }, primaryMajority).limit(limit).toArray();
    return found.map(parsed);
  }

  /** Takes entries out of the outbox after their deliveries exist. Without effect on those that are gone already. */
  async pullOutbox(alertId: string, seqs: readonly number[]): Promise<void> {
    const outbox = { $filter: { input: '$outbox', cond: { $not: { $in: ['$$this.seq', [...seqs]] } } } };
    await this.collection.updateOne({ _id: alertId }, [
      { $set: { outbox } },
      { $set: { hasOutbox: { $gt: [{ $size: '$outbox' }, 0] } } },
    ]);
  }

  /**
   * Closes the alerts of a deleted job, of this and earlier creations, without a message; untold messages are dropped.
   * An evaluation that read them before conflicts with this. Answers how many; 0 says that no open one was left.
   */
  async closeAll(job: string, createdRevision: number, at: Date, expireAt: Date): Promise<number> {
    let closed = 0;
    for (let pass = 0; pass < maxClosingPasses; pass++) {
      const result = await this.collection.updateMany(
        { job, jobCreatedRevision: { $lte: createdRevision }, closed: false },
        { $set: { ...closedFields, since: at, expireAt } },
      );
      if (result.matchedCount === 0) return closed;
      closed += result.modifiedCount;
    }
    throw new Error(
      `Alerts of the deleted job ${job} are made faster than they can be closed; the next sweep goes on.`,
    );
  }

  private async read(filter: Filter<Document & { _id: string }>): Promise<Alert[]> {
    return (await this.collection.find(filter, primaryMajority).toArray()).map(parsed);
  }
}

const closedFields = {
  state: 'ok',
  closed: true,
  condition: null,
  conditionSince: null,
  firingTold: false,
  troubleTold: false,
  outbox: [],
  hasOutbox: false,
} satisfies Partial<AlertDoc>;

function parsed(stored: Document): Alert {
  const { _id, hasOutbox, expireAt, ...alert } = alertModel.schema.parse(stored);
  return { alertId: _id, ...alert };
}

function pageOf<T>(found: T[], size: number, cursorOf: (last: T) => string): Page<T> {
  const items = found.slice(0, size);
  const last = items.at(-1);
  return { items, nextCursor: found.length > size && last !== undefined ? cursorOf(last) : null };
}

function idOf(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  if (id === '' || Buffer.from(id).toString('base64url') !== cursor) throw notACursor();
  return id;
}

function seqOf(cursor: string): number {
  const seq = seqCursor.safeParse(cursor);
  if (!seq.success) throw notACursor();
  return seq.data;
}

function notACursor(): ValidationError {
  return new ValidationError([{ path: 'cursor', message: 'is not a cursor of this list: use "nextCursor" unchanged' }]);
}
