import { type RunDoc, runModel } from '../model/run';
import type { Database } from './database';

export interface RunFilter {
  job?: string | undefined;
  state?: RunDoc['state'] | undefined;
  hostId?: string | undefined;
  /** Bounds of scheduledAt: from is included, to is not. */
  from?: Date | undefined;
  to?: Date | undefined;
}

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
  async list(filter: RunFilter, limit: number, after: readonly [Date, string] | null): Promise<RunDoc[]> {
    const { from, to, ...equal } = filter;
    const span = { ...(from === undefined ? {} : { $gte: from }), ...(to === undefined ? {} : { $lt: to }) };
    const fields = Object.entries(equal).filter(([, value]) => value !== undefined);
    const query = {
      ...Object.fromEntries(fields),
      ...(Object.keys(span).length === 0 ? {} : { scheduledAt: span }),
      ...(after === null
        ? {}
        : { $or: [{ scheduledAt: { $lt: after[0] } }, { scheduledAt: after[0], _id: { $lt: after[1] } }] }),
    };
    const stored = await this.collection.find(query).sort({ scheduledAt: -1, _id: -1 }).limit(limit).toArray();
    return stored.map(document => runModel.schema.parse(document));
  }
}
