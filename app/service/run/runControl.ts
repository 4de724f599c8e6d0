import type { Clock } from '../../cluster/types';
import { ConflictError, NotFoundError, UnavailableError } from '../../domain/errors';
import type { Log } from '../../domain/log';
import type { RunCancels } from '../../repository/runCancels';
import type { RunQueries } from '../../repository/runQueries';
import { runView } from '../runs';
import type { Backfill, BackfillAnswer, BackfillRequest } from './backfill';
import type { Newest, NewestJob } from './newest';
import type { RunNow } from './runNow';

export interface RunControlPorts {
  newest: Newest;
  queries: RunQueries;
  cancels: RunCancels;
  runNow: RunNow;
  backfill: Backfill;
  clock: Clock;
  log: Log;
  /** A cancel was asked for: it may be of a run that this worker executes. */
  cancelAsked(): void;
}

/** A run may change its state while it is asked to end. */
const maxTries = 5;

/** What people ask of runs. */
export class RunControl {
  constructor(private readonly ports: RunControlPorts) {}

  /**
   * Runs a job now, also a paused or disabled one. Throws NotFoundError, UnavailableError, and ConflictError where no host
   * may run it.
   */
  async run(name: string, by: string, key: string | null, hostId: string | null = null): Promise<string> {
    return await this.ports.runNow.run((await this.job(name)).job, by, key, hostId);
  }

  /** Throws NotFoundError, ValidationError. */
  async backfill(name: string, request: BackfillRequest, by: string, dryRun: boolean): Promise<BackfillAnswer> {
    return await this.ports.backfill.queue(await this.job(name), request, by, dryRun);
  }

  /**
   * Ends a run that waits at once, and asks one that is under way to end: its member hears of it within 1.5 s. Answers
   * the run as it stands then. Throws NotFoundError, and ConflictError where the run has ended.
   */
  async cancel(id: string, by: string): Promise<Record<string, unknown>> {
    const { queries, cancels, clock, cancelAsked, log } = this.ports;
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const run = await queries.byId(id);
      if (run === null) throw new NotFoundError(`There is no run "${id}".`);
      if (run.cancelRequestedAt !== undefined && (tries > 1 || run.finishedAt === null)) return runView(run);
      if (run.finishedAt !== null) throw new ConflictError(`The run has ended already: it is ${run.state}.`);
      const now = clock.now();
      const waits = run.state === 'queued' && (run.lanes?.length ?? 0) > 0;
      if (!(waits ? await cancels.cancelQueued(id, by, now) : await cancels.request(id, by, now))) continue;
      log.info('run.cancelAsked', { jobId: run.job, runId: id, by });
      if (!waits) cancelAsked();
    }
    throw new UnavailableError(`The run "${id}" changes its state too often just now; send the same request again.`);
  }

  private async job(name: string): Promise<NewestJob> {
    const found = (await this.ports.newest.of([name])).get(name);
    if (found === undefined) throw new NotFoundError(`There is no job "${name}".`);
    return found;
  }
}
