import { NotFoundError } from '../domain/errors';
import type { RunDoc } from '../model/run';
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
    const run = await this.runs.byId(id);
    if (run === null) throw new NotFoundError(`There is no run "${id}".`);
    return runView(run);
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
}

function runView(run: RunDoc): Record<string, unknown> {
  const { _id: id, job, jobRevision, trigger, scheduledAt, claimedAt, startedAt, finishedAt, latenessMs } = run;
  const { state, reason, attempt, fence, member, hostId, outcome, error } = run;
  return {
    ...{ id, job, jobRevision, trigger, scheduledAt, claimedAt, startedAt, finishedAt, latenessMs },
    ...{ state, reason, attempt, fence, member, hostId, outcome, error },
  };
}
