import type { Document } from 'mongodb';
import { isUnfinished, type RunDoc, runModel } from '../model/run';
import type { Database } from './database';

export interface RunFilter {
  job?: string | undefined;
  state?: RunDoc['state'] | undefined;
  hostId?: string | undefined;
  /** Bounds of scheduledAt: from is included, to is not. A record of many skips is in where any of them is. */
  from?: Date | undefined;
  to?: Date | undefined;
}

/** scheduledAt and _id. */
type Position = readonly [Date, string];

/** Reads the records of runs for people; the atomic writes are in runs.ts. */
export class RunQueries {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(runModel);
  }

  async byId(id: string): Promise<RunDoc | null> {
    const stored = await this.collection.findOne({ _id: id });
    return stored === null ? null : runModel.schema.parse(stored);
  }

  /** From new to old; `after` is the position of the last run of the page before. */
  async list(filter: RunFilter, limit: number, after: Position | null): Promise<RunDoc[]> {
    const { from, to, ...others } = filter;
    const equal = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
    const span = { ...(from === undefined ? {} : { $gte: from }), ...(to === undefined ? {} : { $lt: to }) };
    const bounds = Object.keys(span).length === 0 ? {} : { scheduledAt: span };
    const inside = await this.page({ ...equal, ...bounds }, limit, after);
    if (from === undefined || inside.length === limit) return inside;
    // Skips in a row that began before the span and reach into it: by their time they come behind all others.
    const reaching = { ...equal, to: { $gte: from }, scheduledAt: { $lt: from } };
    return [...inside, ...(await this.page(reaching, limit - inside.length, after))];
  }

  private async page(query: Document, limit: number, after: Position | null): Promise<RunDoc[]> {
    const behind =
      after === null
        ? {}
        : { $or: [{ scheduledAt: { $lt: after[0] } }, { scheduledAt: after[0], _id: { $lt: after[1] } }] };
    const found = this.collection
      .find({ ...query, ...behind })
      .sort({ scheduledAt: -1, _id: -1 })
      .limit(limit);
    // Few beside the history through which the order of the list would lead: they are sorted.
    if (isUnfinished(query['state'])) found.hint('unfinished');
    const stored = await found.toArray();
    return stored.map(document => runModel.schema.parse(document));
  }
}
