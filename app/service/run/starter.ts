import type { ClientSession } from 'mongodb';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import type { Job } from '../../domain/job/types';
import type { Log } from '../../domain/log';
import { startDecision } from '../../domain/run/start';
import type { Jobs } from '../../repository/jobs';
import type { Runs } from '../../repository/runs';
import type { Runner } from './runner';

/** A run that this member has claimed or taken over, not started yet. */
export interface OwnedRun {
  id: string;
  job: string;
  /** The definition by which it was announced. */
  revision: number;
  scheduledAt: Date;
  fence: number;
  attempt: number;
}

export interface StarterPorts {
  jobs: Jobs;
  runs: Runs;
  runner: Runner;
  lease: Lease;
  clock: Clock;
  metrics: Metrics;
  log: Log;
}

/** The step between owning runs and executing them: the newest definition decides. */
export class Starter {
  constructor(private readonly ports: StarterPorts) {}

  /** Starts what may start, records the others as skipped. `member` is the id that they were claimed under. */
  async start(owned: readonly OwnedRun[], member: string, session?: ClientSession): Promise<void> {
    if (owned.length === 0) return;
    const { jobs, lease, clock, runs } = this.ports;
    const current = await jobs.current([...new Set(owned.map(run => run.job))], session);
    const starting: { run: OwnedRun; job: Job }[] = [];
    for (const run of owned) {
      const job = current.get(run.job);
      const decision = startDecision(job, run);
      if (decision === 'start' && job !== undefined) starting.push({ run, job });
      else await runs.skip(run.id, run.fence, decision === 'paused' ? 'paused' : 'changed', clock.now());
    }
    if (starting.length === 0 || lease.memberId !== member || !lease.valid) return;
    const ids = starting.map(({ run }) => run.id);
    const started = await runs.start(ids, member, clock.now());
    for (const { run, job } of starting) if (started.has(run.id)) this.execute(job, run);
  }

  private execute(job: Job, run: OwnedRun): void {
    const { runner, lease, metrics, clock, log } = this.ports;
    const controller = new AbortController();
    if (lease.signal.aborted) controller.abort(lease.signal.reason);
    const latenessMs = clock.now().getTime() - run.scheduledAt.getTime();
    metrics.lateness.observe(latenessMs / 1000);
    log.info('run.started', { jobId: run.job, runId: run.id, fence: run.fence, latenessMs });
    const { id, scheduledAt, fence, attempt } = run;
    runner.execute(job, { id, job: run.job, scheduledAt, fence, attempt, controller });
  }
}
