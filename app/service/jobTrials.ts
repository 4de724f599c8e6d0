import { randomUUID } from 'node:crypto';
import type { Clock } from '../cluster/types';
import { evaluate } from '../domain/alert/evaluate';
import type { Alert, AlertState, Evaluation } from '../domain/alert/types';
import { AppError, NotFoundError, ValidationError } from '../domain/errors';
import type { Job, JobSpec } from '../domain/job/types';
import type { JsonObject } from '../domain/mergePatch';
import type { Labels } from '../domain/message/types';
import { ownLabels } from '../domain/run/placement';
import { slugSchema } from '../domain/slug';
import type { AnyExecutor, Outcome } from '../executor/types';
import type { Alerts } from '../repository/alerts';
import type { Jobs } from '../repository/jobs';
import type { JobDefinitions } from './definition/jobs';
import { attempt } from './run/attempt';
import { evaluated } from './run/conclusion';
import type { SourceReader } from './run/sourceReader';
import { WorkSignal } from './run/workSignal';
import type { RenderedMessages, TrialMessages } from './trialMessages';
import { check } from './validation';

/** What a check would come to if it were due now. */
export interface JobTrial extends RenderedMessages {
  /** Each alert that this evaluation judges: those of the answer, and present ones that the answer lacks. */
  series: TrialSeries[];
  /** Why the source did not answer; absent where it did. */
  error?: { code: string; message: string };
}

interface TrialSeries {
  labels: Labels;
  value: number | null;
  state: AlertState;
  /** Absent where the state stays as it is. */
  transition?: { from: AlertState; to: AlertState; note: string | null };
}

export interface JobTrialPorts {
  definitions: JobDefinitions;
  jobs: Jobs;
  alerts: Alerts;
  executors: ReadonlyMap<string, AnyExecutor>;
  /** That of the runs: trials and runs share the places at a source. */
  reader: SourceReader;
  messages: TrialMessages;
  /** A job that every host runs is tried as this host's. */
  hostId: string;
  clock: Clock;
}

type Check = NonNullable<Outcome['check']>;

/** A person waits: longer than this no trial runs, whatever the job's timeoutMs. */
const longestMs = 30_000;
/** For a place at the source, beside the trial's own time. */
const placeMs = 5000;
/** Trials at once in one worker: each keeps a request open. */
const atOnce = 10;
/** Of a body that does not say its name. */
const nameless = 'test';

/** Runs checks for whoever writes them: on the real source, and nothing is stored or sent. */
export class JobTrials {
  private running = 0;

  constructor(private readonly ports: JobTrialPorts) {}

  /** The stored job, judged against its present alerts. Throws NotFoundError, ValidationError for a kind without alerts. */
  async stored(name: string): Promise<JobTrial> {
    const job = (await this.ports.jobs.current([name])).get(name);
    if (job === undefined) throw new NotFoundError(`There is no job "${name}".`);
    return await this.limited(job, result => {
      const own = ownLabels(job, this.ports.hostId);
      return this.ports.alerts.forEvaluation(name, job.createdRevision, result, own);
    });
  }

  /** A body that is not stored, judged as if every series were `ok`. Throws ValidationError with every fault, as PUT does. */
  async unstored(body: JsonObject): Promise<JobTrial> {
    const { name: given, ...rest } = body;
    const name = check(slugSchema.default(nameless), given, 'name');
    const spec = await this.checked(name.ok ? name.value : nameless, rest, name.ok ? [] : name.errors);
    return await this.limited(jobOf(name.ok ? name.value : nameless, spec, this.ports.clock.now()), async () => []);
  }

  private async checked(name: string, body: JsonObject, faults: ValidationError['errors']): Promise<JobSpec> {
    try {
      const spec = await this.ports.definitions.check(name, body);
      if (faults.length === 0) return spec;
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      throw new ValidationError([...faults, ...error.errors]);
    }
    throw new ValidationError(faults);
  }

  private async limited(job: Job, present: (result: Check['result']) => Promise<Alert[]>): Promise<JobTrial> {
    if (this.running >= atOnce) throw tooMany();
    this.running += 1;
    try {
      return await this.run(job, present);
    } finally {
      this.running -= 1;
    }
  }

  private async run(job: Job, present: (result: Check['result']) => Promise<Alert[]>): Promise<JobTrial> {
    const found = await this.found(job, executorOf(this.ports.executors, job));
    const before = await present(found.result);
    const scheduledAt = laterThanAll(before, this.ports.clock.now());
    const evaluation = evaluate({
      job: evaluated(job, found),
      result: found.result,
      alerts: before,
      ownLabels: ownLabels(job, this.ports.hostId),
      scheduledAt,
      fence: 1,
    });
    return {
      series: evaluation.alerts.map(alert => seriesOf(alert, evaluation)),
      ...(await this.ports.messages.of(evaluation.alerts, before)),
      ...(found.result.type === 'error' ? { error: found.result.error } : {}),
    };
  }

  /** One attempt, without the job's retries: what a person waits for is the first answer. */
  private async found(job: Job, { executor, failed }: { executor: AnyExecutor; failed: Failed }): Promise<Check> {
    const timeoutMs = Math.min(job.timeoutMs, longestMs);
    const work = new WorkSignal();
    const timer = setTimeout(() => work.abort(new Error('timeout')), timeoutMs + placeMs);
    const { name, revision } = job;
    const run = { id: `watchbell-test-${randomUUID()}`, job: name, revision, scheduledAt: this.ports.clock.now() };
    const active = { ...run, trigger: 'manual' as const, fence: 1, attempt: 1, work };
    try {
      const result = await attempt(executor, { ...job, timeoutMs }, active, this.ports.reader);
      if (result.type === 'done') return result.outcome.check ?? failed(noChecks(job.kind));
      return failed('error' in result ? result.error : { code: 'timeout', message: noPlace(timeoutMs) });
    } finally {
      clearTimeout(timer);
    }
  }
}

type Failed = (error: { code: string; message: string }) => Check;

/** Kinds without alerts may have effects: they are not tried. Throws ValidationError. */
function executorOf(
  executors: ReadonlyMap<string, AnyExecutor>,
  { kind, settings }: Job,
): { executor: AnyExecutor; failed: Failed } {
  const executor = executors.get(kind);
  const sample = executor?.failed(settings, noChecks(kind)) ?? null;
  if (executor === undefined || sample === null) {
    throw new ValidationError([{ path: 'kind', message: noChecks(kind).message }]);
  }
  return { executor, failed: error => ({ ...sample, result: { type: 'error', error } }) };
}

function noChecks(kind: string): { code: string; message: string } {
  return { code: 'noCheck', message: `jobs of kind "${kind}" have no alerts: only checks can be tried` };
}

function noPlace(timeoutMs: number): string {
  return `No place at the source was free in time: not finished within ${timeoutMs + placeMs} ms.`;
}

/** As PUT would make it. */
function jobOf(name: string, spec: JobSpec, now: Date): Job {
  return { ...spec, name, revision: 0, createdRevision: 0, plannedFromAt: now, paused: null, idleSinceAt: null };
}

/** An evaluation that each of the alerts is open to. */
function laterThanAll(alerts: readonly Alert[], now: Date): Date {
  const latest = alerts.reduce((last, { token }) => Math.max(last, token.scheduledAt.getTime() + 1), now.getTime());
  return new Date(latest);
}

function seriesOf({ alertId, series, value, state }: Alert, { transitions }: Evaluation): TrialSeries {
  const moved = transitions.find(transition => transition.alertId === alertId);
  const transition = moved && { from: moved.from, to: moved.to, note: moved.note };
  return { labels: series, value, state, ...(transition && { transition }) };
}

function tooMany(): AppError {
  const detail = `${atOnce} trials run in this process already; try again when one has ended.`;
  return new AppError('tooMany', { status: 429, title: 'Too many', detail, retryAfterMs: 2000 });
}
