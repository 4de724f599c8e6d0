import { evaluate } from '../../../app/domain/alert/evaluate';
import type { CheckResult, EvaluatedJob, Evaluation } from '../../../app/domain/alert/types';
import { type RunDoc, runModel } from '../../../app/model/run';
import type { Alerts } from '../../../app/repository/alerts';
import type { ConcludeInput } from '../../../app/repository/conclude';
import type { Database } from '../../../app/repository/database';

export const expireAt = new Date('2099-01-01T00:00:00Z');
const retention = { transitionExpireAt: expireAt, closedAlertExpireAt: expireAt };

/** A running run of the job as of scheduledAt, holding the job's slot unless another does. */
export async function runningRun(
  database: Database,
  job: EvaluatedJob,
  scheduledAt: Date,
  parts: Partial<RunDoc> = {},
) {
  const run: RunDoc = {
    _id: `${job.name}@${scheduledAt.toISOString()}`,
    job: job.name,
    jobRevision: 1,
    trigger: 'schedule',
    scheduledAt,
    claimedAt: scheduledAt,
    startedAt: scheduledAt,
    finishedAt: null,
    latenessMs: 0,
    state: 'running',
    reason: null,
    attempt: 1,
    lostCount: 0,
    fence: 1,
    onLost: 'retry',
    member: 'host-a:1:x',
    hostId: 'host-a',
    outcome: null,
    error: null,
    expireAt,
    ...parts,
  };
  await database.collection(runModel).insertOne(run);
  return run;
}

export async function storedRun(database: Database, id: string): Promise<RunDoc> {
  return runModel.schema.parse(await database.collection(runModel).findOne({ _id: id }));
}

/** Reads and evaluates: what conclude is given. */
export async function evaluated(
  alerts: Alerts,
  job: EvaluatedJob,
  run: RunDoc,
  result: CheckResult,
): Promise<ConcludeInput> {
  const { scheduledAt, fence } = run;
  const before = await alerts.forEvaluation(job.name, job.createdRevision, result);
  const evaluation: Evaluation = evaluate({ job, result, alerts: before, scheduledAt, fence });
  return {
    run: { id: run._id, fence, finish: { state: 'succeeded', finishedAt: scheduledAt, outcome: { series: 1 } } },
    before,
    after: evaluation.alerts,
    transitions: evaluation.transitions,
    retention,
  };
}
