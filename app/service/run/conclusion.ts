import { setTimeout as sleep } from 'node:timers/promises';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import { AlertConflictError } from '../../domain/alert/errors';
import { evaluate } from '../../domain/alert/evaluate';
import { hash } from '../../domain/alert/identity';
import type { Alert, EvaluatedJob } from '../../domain/alert/types';
import type { Job } from '../../domain/job/types';
import { errorFields, type Log } from '../../domain/log';
import { FenceLostError } from '../../domain/run/errors';
import { ownLabels } from '../../domain/run/placement';
import { shortestPeriodMs } from '../../domain/schedule/shortestPeriod';
import type { Outcome } from '../../executor/types';
import type { RunDoc } from '../../model/run';
import type { Alerts } from '../../repository/alerts';
import { type ConcludeInput, conclude, concluded } from '../../repository/conclude';
import { type Database, isAway } from '../../repository/database';
import type { Hosts } from '../../repository/hosts';
import { RunEndings } from '../../repository/runEndings';
import type { ActiveRun, ActiveRuns } from './activeRuns';
import { Finisher } from './finisher';
import { Gate } from './gate';

/** How a run ends, as recorded. */
export interface RunEnd {
  state: 'succeeded' | 'failed' | 'timedOut' | 'cancelled';
  outcome: RunDoc['outcome'];
  error: RunDoc['error'];
}

type Check = NonNullable<Outcome['check']>;

export interface ConclusionPorts {
  database: Database;
  alerts: Alerts;
  hosts: Pick<Hosts, 'known'>;
  lease: Lease;
  clock: Clock;
  metrics: Metrics;
  log: Log;
  /** Called when a message was decided: its delivery need not wait for the next sweep. */
  wakeDeliveries(): void;
  alertRetentionDays: number;
  active: Pick<ActiveRuns, 'ending'>;
  /** Whether occurrences are being claimed here now: ends that can wait give way. */
  isClaiming(): boolean;
}

const dayMs = 86_400_000;
/** An alert that changes under the evaluation each time is another run's; after so many tries something is wrong. */
const maxTries = 20;
const awayRetryMs = 500;
/** A look at the hosts serves the evaluations of this span; a stranger among them is looked at anew. */
const hostsAgeMs = 2000;
/** Longer ones are the same to an end that waits. */
const longestPeriodMs = 60_000;
/** Transactions at the same time: more would only wait for connections and conflict. */
const atOnce = 40;

/** Ends runs: the evaluation of their alerts and the run's record change in one transaction; those without alerts end in batches. */
export class Conclusion {
  private readonly gate = new Gate();
  private readonly finisher: Finisher;

  constructor(private readonly ports: ConclusionPorts) {
    this.finisher = new Finisher({ ...ports, endings: new RunEndings(ports.database) });
  }

  /**
   * Judges the check (null for none) and ends the run. While MongoDB is away it tries for as long as the lease stands.
   * Throws FenceLostError when the run is another member's by now.
   */
  async conclude(job: Job, run: ActiveRun, end: RunEnd, check: Outcome['check']): Promise<void> {
    let unknown = false;
    for (let tries = 1; ; tries += 1) {
      try {
        const after = check === null ? await this.finish(job, run, end) : await this.judge(job, run, end, check);
        this.ended(job, run, end, after);
        return;
      } catch (error) {
        // After an unknown outcome the commit may land late: then the next try finds the run ended, by itself.
        if (unknown && error instanceof FenceLostError && (await this.readBack(run)) === 'concluded') return;
        if (await this.isOver(error, run, tries)) return;
        unknown ||= isAway(error);
        this.ports.log.warn('run.concludeAgain', { jobId: job.name, runId: run.id, tries, ...errorFields(error) });
      }
    }
  }

  private async finish(job: Job, run: ActiveRun, end: RunEnd): Promise<readonly Alert[]> {
    const { id, fence, revision, work } = run;
    work.throwIfAborted();
    const fields = job.revision === revision ? end : { ...end, jobRevision: job.revision };
    if (!(await this.finisher.end({ id, fence, fields }, mayWaitUntil(job, run)))) throw new FenceLostError(id, fence);
    return [];
  }

  private judge(job: Job, run: ActiveRun, end: RunEnd, check: Check): Promise<readonly Alert[]> {
    return this.gate.through('conclude', atOnce, run.work.lostSignal, () => this.apply(job, run, end, check));
  }

  private async apply(job: Job, run: ActiveRun, end: RunEnd, check: Check): Promise<readonly Alert[]> {
    const { database, alerts, clock, lease } = this.ports;
    const own = ownLabels(job, lease.hostId);
    const present = await alerts.forEvaluation(job.name, job.createdRevision, check.result, own);
    const leftBehind = await this.leftBehind(job);
    const { scheduledAt, fence } = run;
    const evaluation = evaluate({
      ...{ job: evaluated(job, check), result: check.result, alerts: present, ownLabels: own, leftBehind },
      ...{ scheduledAt, fence },
    });
    const finishedAt = clock.now();
    const firing = evaluation.alerts.filter(alert => alert.state === 'firing').length;
    const outcome = end.outcome === null ? null : { ...end.outcome, firing };
    const finish: ConcludeInput['run']['finish'] = { ...end, outcome, finishedAt, jobRevision: job.revision };
    await conclude(database, {
      run: { id: run.id, fence, finish },
      before: [...present, ...leftBehind],
      after: evaluation.alerts,
      transitions: evaluation.transitions,
      retention: this.retention(finishedAt),
    });
    return evaluation.alerts;
  }

  /**
   * Where every host runs the job: open alerts of hosts that do not, or that nobody has known for a day. The hosts are
   * looked at again behind the alerts: one that has come in between has alerts of its own.
   */
  private async leftBehind(job: Job): Promise<Alert[]> {
    if (job.placement.on === 'one') return [];
    const { alerts, hosts } = this.ports;
    const runningIt = async (maxAgeMs: number) =>
      (await hosts.known(job.placement.hostLabels, maxAgeMs)).map(({ id }) => id);
    const others = await alerts.ofOtherHosts(job.name, job.createdRevision, await runningIt(hostsAgeMs));
    if (others.length === 0) return [];
    const now = new Set(await runningIt(0));
    return others.filter(({ series }) => !now.has(series['host'] ?? ''));
  }

  private retention(now: Date): ConcludeInput['retention'] {
    const expireAt = new Date(now.getTime() + this.ports.alertRetentionDays * dayMs);
    return { transitionExpireAt: expireAt, closedAlertExpireAt: expireAt };
  }

  private ended(job: Job, run: ActiveRun, end: RunEnd, after: readonly Alert[]): void {
    const { metrics, log, wakeDeliveries } = this.ports;
    metrics.runs.inc({ state: end.state });
    log.info('run.ended', {
      jobId: job.name,
      runId: run.id,
      fence: run.fence,
      state: end.state,
      code: end.error?.code,
    });
    if (after.some(alert => alert.outbox.length > 0)) wakeDeliveries();
  }

  /** Whether there is nothing left to do after this error; throws where it must not be tried again. */
  private async isOver(error: unknown, run: ActiveRun, tries: number): Promise<boolean> {
    if (error instanceof AlertConflictError && tries < maxTries) return false;
    if (!isAway(error)) throw error;
    await sleep(awayRetryMs);
    if (!this.ports.lease.valid) throw error;
    const state = await this.readBack(run);
    if (state === 'lost') throw new FenceLostError(run.id, run.fence);
    return state === 'concluded';
  }

  /** While MongoDB does not even answer a read the run counts as running: the next try shows. */
  private async readBack(run: ActiveRun): Promise<'concluded' | 'running' | 'lost'> {
    try {
      return await concluded(this.ports.database, run.id, run.fence);
    } catch (error) {
      if (isAway(error)) return 'running';
      throw error;
    }
  }
}

/** Its lane must be free when the job is due again: the end has the rest of that time to be written. */
const shareOfPeriod = 0.8;

/** Until then a run's end may wait for claims: of what others asked for nothing is known. */
function mayWaitUntil({ schedule }: Job, { trigger, scheduledAt }: ActiveRun): Date {
  const forMs = trigger === 'schedule' ? Math.min(shortestPeriodMs(schedule), longestPeriodMs) * shareOfPeriod : 0;
  return new Date(scheduledAt.getTime() + forMs);
}

/** What the evaluation needs to know of a job. */
export function evaluated(job: Job, check: Check): EvaluatedJob {
  const { name, title, createdRevision, labels, notify } = job;
  const { rule, subject } = check;
  return { name, title, createdRevision, labels, notify, rule, ruleHash: hash(rule), queryHash: hash(subject) };
}
