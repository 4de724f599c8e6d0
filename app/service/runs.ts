import { NotFoundError } from '../domain/errors';
import { givenUp, type RunDoc } from '../model/run';
import type { Database } from '../repository/database';
import { type RunFilter, RunQueries } from '../repository/runQueries';
import { page } from './page';

/** Reads runs for the API. */
export class RunReader {
  private readonly runs: RunQueries;

  constructor(database: Database) {
    this.runs = new RunQueries(database);
  }

  /** Throws NotFoundError. */
  async get(id: string): Promise<Record<string, unknown>> {
    return runView(await this.stored(id));
  }

  /** The job of a run. Throws NotFoundError. */
  async jobOf(id: string): Promise<string> {
    return (await this.stored(id)).job;
  }

  /** From new to old. */
  async list(
    filter: RunFilter,
    limit: number,
    after: readonly [Date, string] | null,
  ): Promise<{ items: Record<string, unknown>[]; next: [Date, string] | null }> {
    const { items, last } = page(await this.runs.list(filter, limit + 1, after), limit);
    return { items: items.map(runView), next: last === null ? null : [last.scheduledAt, last._id] };
  }

  private async stored(id: string): Promise<RunDoc> {
    const run = await this.runs.byId(id);
    if (run === null) throw new NotFoundError(`There is no run "${id}".`);
    return run;
  }
}

/** A run as the API answers it; one record that stands for many skips in a row tells the span and their number. */
export function runView(run: RunDoc): Record<string, unknown> {
  const { _id: id, job, jobRevision, trigger, scheduledAt, claimedAt, startedAt, finishedAt, latenessMs } = run;
  const { state, reason, attempt, fence, outcome, error, from, to, count } = run;
  const { cancelRequestedAt = null, cancelRequestedBy = null, requestedBy = null } = run;
  return {
    ...{ id, job, jobRevision, trigger, scheduledAt, claimedAt, startedAt, finishedAt, latenessMs },
    ...{
      state,
      reason,
      attempt,
      fence,
      member: run.member === givenUp ? null : run.member || null,
      hostId: run.hostId || null,
      outcome,
      error,
    },
    ...{ requestedBy, cancelRequestedAt, cancelRequestedBy },
    ...(count === undefined ? {} : { from, to, count }),
  };
}
