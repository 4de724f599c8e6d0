import { setTimeout as sleep } from 'node:timers/promises';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import type { Job } from '../../domain/job/types';
import { errorFields, type Log } from '../../domain/log';
import { FenceLostError } from '../../domain/run/errors';
import { retryDelayMs } from '../../domain/run/retry';
import { mayTryAgain } from '../../domain/run/start';
import type { AnyExecutor, Outcome } from '../../executor/types';
import type { Jobs } from '../../repository/jobs';
import type { RunCancels } from '../../repository/runCancels';
import type { Runs } from '../../repository/runs';
import type { ActiveRun, ActiveRuns } from './activeRuns';
import { type AttemptResult, attempt } from './attempt';
import type { Conclusion, RunEnd } from './conclusion';
import type { SourceReader } from './sourceReader';

export interface RunnerPorts {
  executors: ReadonlyMap<string, AnyExecutor>;
  reader: SourceReader;
  runs: Runs;
  cancels: RunCancels;
  jobs: Jobs;
  conclusion: Conclusion;
  active: ActiveRuns;
  lease: Pick<Lease, 'remainingMs'>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** Executes started runs to their end: attempts, backoff, conclusion. */
export class Runner {
  constructor(private readonly ports: RunnerPorts) {}

  /** Takes a run over into this worker's care until `ended`; its promise is owned by ActiveRuns. */
  execute(job: Job, run: ActiveRun, ended: () => void): void {
    const { active, log, metrics, reader } = this.ports;
    const done = this.toItsEnd(job, run).catch((error: unknown) => {
      const lost = error instanceof FenceLostError;
      log[lost ? 'warn' : 'error']('run.dropped', {
        jobId: job.name,
        runId: run.id,
        fence: run.fence,
        ...errorFields(error),
      });
    });
    active.add(run, done);
    const measure = () => {
      metrics.running.set(active.size);
      metrics.sourceWaiting.set(reader.waiting);
    };
    measure();
    void done.finally(() => {
      measure();
      ended();
    });
  }

  private async toItsEnd(job: Job, run: ActiveRun): Promise<void> {
    const executor = this.ports.executors.get(job.kind);
    if (executor === undefined) {
      const error = { code: 'noKind', message: `This version knows no job kind "${job.kind}".` };
      return await this.ports.conclusion.conclude(job, run, { state: 'failed', outcome: null, error }, null);
    }
    for (;;) {
      // A process that was stopped comes here before its timers have told it that its lease is lost.
      if (this.ports.lease.remainingMs() <= 0) return;
      const result = await attempt(executor, job, run, this.ports.reader);
      if (result.type === 'aborted') return;
      if (result.type === 'cancelled') return await this.cancel(run, result.by);
      if (result.type === 'done') return await this.succeed(job, run, result.outcome);
      const delayMs = retryDelayMs(job.retry, run.attempt);
      if (delayMs === null) return await this.fail(executor, job, run, result);
      if (!(await this.nextAttempt(job, run, delayMs))) return;
    }
  }

  private async succeed(job: Job, run: ActiveRun, outcome: Outcome): Promise<void> {
    const end: RunEnd = { state: 'succeeded', outcome: outcome.summary, error: null };
    await this.ports.conclusion.conclude(job, run, end, outcome.check);
  }

  private async fail(
    executor: AnyExecutor,
    job: Job,
    run: ActiveRun,
    { type, error }: Extract<AttemptResult, { error: unknown }>,
  ): Promise<void> {
    const end: RunEnd = { state: type, outcome: null, error };
    await this.ports.conclusion.conclude(job, run, end, executor.failed(job.settings, error));
  }

  /** Touches no alert: nothing was found out. */
  private async cancel(run: ActiveRun, by: string): Promise<void> {
    const { cancels, clock, metrics, log } = this.ports;
    const { id, fence, job: jobId } = run;
    if (!(await cancels.close({ id, fence, by }, clock.now()))) throw new FenceLostError(id, fence);
    metrics.runs.inc({ state: 'cancelled' });
    log.info('run.ended', { jobId, runId: id, fence, state: 'cancelled', by });
  }

  /** Waits, raises attempt and fence, and reads the newest definition again. False when the run ends here. */
  private async nextAttempt(job: Job, run: ActiveRun, delayMs: number): Promise<boolean> {
    const { runs, jobs, clock, conclusion } = this.ports;
    if (!(await this.pause(run, delayMs))) return false;
    const fence = await runs.retry(run.id, run.fence, clock.now());
    if (fence === null) throw new FenceLostError(run.id, run.fence);
    run.fence = fence;
    run.attempt += 1;
    const current = (await jobs.current([job.name])).get(job.name);
    if (mayTryAgain(current, run.trigger)) return true;
    const error = { code: 'changed', message: 'The job was paused, disabled or deleted before the next attempt.' };
    await conclusion.conclude(job, run, { state: 'cancelled', outcome: null, error }, null);
    return false;
  }

  /** The time between two attempts. False when the run has no further one. */
  private async pause(run: ActiveRun, delayMs: number): Promise<boolean> {
    const { work } = run;
    try {
      await sleep(delayMs, undefined, { signal: work.signal });
      return true;
    } catch {
      if (!work.isAborted && work.cancellation !== null) await this.cancel(run, work.cancellation.by);
      return false;
    }
  }
}
