import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Member } from '../../app/cluster/member';
import { Metrics } from '../../app/cluster/metrics';
import type { Rule } from '../../app/domain/alert/types';
import type { Job } from '../../app/domain/job/types';
import type { Labels } from '../../app/domain/message/types';
import type { AnyExecutor } from '../../app/executor/types';
import type { RunHint } from '../../app/ipc/messages';
import { jobModel } from '../../app/model/definition';
import { type RunDoc, runModel } from '../../app/model/run';
import { Alerts } from '../../app/repository/alerts';
import type { Database } from '../../app/repository/database';
import { Members } from '../../app/repository/members';
import { Runs } from '../../app/repository/runs';
import { RunService } from '../../app/service/run/runService';
import { SourceReader } from '../../app/service/run/sourceReader';
import { eventually } from './eventually';
import type { RecordedLog } from './log';
import { memberOf } from './members';
import type { VirtualClocks } from './virtualClock';

const rule: Rule = { op: '>', threshold: 100, recovery: null, forMs: 0, noData: 'noData', onError: 'error' };

/** One worker of the world: its runs, its lease, and what it executed. */
export interface TestWorker {
  service: RunService;
  member: Member;
  clocks: VirtualClocks;
  log: RecordedLog;
}

/** What the next executions do: how long they take, what they find or how they fail. */
export interface Behaviour {
  workMs: number;
  value: number;
  error: Error | null;
  /** Ignores its abort signal, as a stuck query does. */
  deaf: boolean;
}

/** One execution of work, with the times of this process at which it began and ended. */
export interface Execution {
  worker: string;
  runId: string;
  fence: number;
  beganAt: number;
  endedAt: number | null;
}

/** What a worker has of its own; stores of the test may stand in its way. */
interface WorkerOptions {
  maxRuns?: number;
  killGraceMs?: number;
  misfireHorizonMs?: number;
  skewMaxMs?: number;
  hostLabels?: Labels;
  leaseMs?: number;
  runs?: Runs;
  members?: Members;
}

/** Workers on one real database whose executor does what the test says. */
export class RunWorld {
  readonly behaviour: Behaviour = { workMs: 0, value: 1, error: null, deaf: false };
  /** Every start of work: which run, by which member's service. */
  readonly executed: Execution[] = [];
  readonly alerts: Alerts;
  private readonly members: Members;
  private readonly workers: TestWorker[] = [];
  private revision = 0;

  constructor(private readonly database: Database) {
    this.alerts = new Alerts(database);
    this.members = new Members(database);
  }

  async worker(hostId: string, over: WorkerOptions = {}): Promise<TestWorker> {
    const { member, clocks, log } = memberOf(this.database, {
      hostId,
      hostLabels: over.hostLabels ?? {},
      ...(over.skewMaxMs === undefined ? {} : { skewMaxMs: over.skewMaxMs }),
    });
    const { database, alerts } = this;
    const { members = this.members, runs = new Runs(database, 30) } = over;
    const metrics = new Metrics();
    const reader = new SourceReader({
      sources: new Map(),
      loadSource: async () => null,
      outbound: { purpose: 'source', allowNets: [], allowLoopback: true },
      forbiddenDatabase: { hosts: [], database: '' },
      workers: 1,
    });
    const service = new RunService({
      ...{ database, alerts, members, reader, metrics, log },
      executors: new Map([['check', this.executor(hostId)]]),
      runs,
      hostLabels: over.hostLabels ?? {},
      leaseMs: over.leaseMs ?? 10_000,
      lease: member,
      clock: member.clock,
      wakeDeliveries: () => {},
      maxRuns: over.maxRuns ?? 100,
      sweepMs: 50,
      killGraceMs: over.killGraceMs ?? 5000,
      misfireHorizonMs: over.misfireHorizonMs ?? 86_400_000,
      runRetentionDays: 30,
      alertRetentionDays: 30,
    });
    member.on({
      lost: () => service.leaseLost(),
      regained: id => service.leaseRegained(id),
      renewed: () => service.renewed(),
    });
    await member.renew();
    const worker = { service, member, clocks, log };
    this.workers.push(worker);
    return worker;
  }

  /** Stores a job and answers what the agent would announce of it at this instant. */
  async define(job: Job): Promise<(at: Date) => RunHint> {
    this.revision += 1;
    const { name: _id, revision: _ignored, createdRevision, plannedFromAt, paused, ...spec } = job;
    const { revision } = this;
    const document = {
      revision,
      createdRevision,
      plannedFromAt,
      paused,
      spec,
      deleted: false,
      sources: [],
      channels: [],
    };
    const stamp = { updatedAt: new Date(), updatedBy: 'test' };
    await this.database.collection(jobModel).replaceOne({ _id }, { ...document, ...stamp }, { upsert: true });
    const { overlap, onLost } = job;
    const hint = { job: _id, revision, overlap, onLost, claimUntil: Number.MAX_SAFE_INTEGER, placement: job.placement };
    return at => ({ ...hint, at: at.getTime() });
  }

  /** What was executed of a job, in the order of its beginning. */
  executedOf(job: string): Execution[] {
    return this.executed.filter(({ runId }) => runId.startsWith(`${job}@`));
  }

  /** How many executions of a job were under way at the same time. */
  mostAtOnce(job: string): number {
    const all = this.executedOf(job);
    const at = (instant: number) =>
      all.filter(one => one.beganAt <= instant && (one.endedAt ?? Number.POSITIVE_INFINITY) > instant).length;
    return Math.max(0, ...all.map(one => at(one.beganAt)));
  }

  async runs(job: string): Promise<RunDoc[]> {
    const stored = await this.database.collection(runModel).find({ job }).sort({ _id: 1 }).toArray();
    return stored.map(document => runModel.schema.parse(document));
  }

  /** The runs of a job, once there are just so many and each has ended. */
  async ended(job: string, many = 1): Promise<RunDoc[]> {
    return await eventually(`${many} runs of ${job} end`, async () => {
      const runs = await this.runs(job);
      return runs.length === many && runs.every(run => run.finishedAt !== null) && runs;
    });
  }

  /** The hours (UTC) of the occurrences of a job that were executed, in that order. */
  hoursOf(job: string): number[] {
    return this.executedOf(job).map(one => new Date(one.runId.split('@')[1] ?? '').getUTCHours());
  }

  /** The member is called dead by somebody else. */
  async bury({ member }: TestWorker): Promise<void> {
    const found = (await this.members.live()).find(one => one._id === member.memberId);
    if (found !== undefined) await this.members.markDead(found._id, found.counter);
  }

  /** Stops every worker that there is. */
  async close(): Promise<void> {
    this.behaviour.workMs = 0;
    await Promise.all(this.workers.splice(0).map(({ service }) => service.stop(0)));
  }

  private executor(worker: string): AnyExecutor {
    return {
      kind: 'check',
      settings: z.unknown(),
      references: () => [],
      run: async (_settings, { run }, signal) => {
        const execution: Execution = {
          ...{ worker, runId: run?.id ?? '', fence: run?.fence ?? 0 },
          ...{ beganAt: performance.now(), endedAt: null },
        };
        this.executed.push(execution);
        const { workMs, error, value, deaf } = this.behaviour;
        try {
          if (workMs > 0) await sleep(workMs, undefined, deaf ? {} : { signal });
        } finally {
          execution.endedAt = performance.now();
        }
        if (error !== null) throw error;
        const result = { type: 'series' as const, series: [{ labels: {}, value }] };
        return { check: { rule, subject: 'test', result }, summary: { series: 1 } };
      },
      failed: (_settings, error) => ({ rule, subject: 'test', result: { type: 'error', error } }),
    };
  }
}
