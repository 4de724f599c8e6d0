import type { Job } from '../../domain/job/types';
import { RunCancelledError } from '../../domain/run/errors';
import type { AnyExecutor, Outcome } from '../../executor/types';
import type { ActiveRun } from './activeRuns';
import type { SourceReader } from './sourceReader';
import { TimeLimit } from './timeLimit';

export type AttemptResult =
  | { type: 'done'; outcome: Outcome }
  | { type: 'failed'; error: { code: string; message: string } }
  | { type: 'timedOut'; error: { code: string; message: string } }
  /** Somebody has asked for the run's end. */
  | { type: 'cancelled'; by: string }
  /** The run's own signal: the lease was lost or the process ends. */
  | { type: 'aborted' };

/** One try of a run's work under its time limit. Never throws. */
export async function attempt(
  executor: AnyExecutor,
  job: Job,
  run: ActiveRun,
  reader: SourceReader,
): Promise<AttemptResult> {
  const { work } = run;
  const { signal } = work;
  const limit = new TimeLimit(job.timeoutMs, () => work.timeOut());
  const readSource = (name: string, query: unknown, inner: AbortSignal) =>
    reader.read({ name, query, queryId: `${run.id}#${run.fence}` }, limit, inner);
  try {
    const tools = { run: { id: run.id, fence: run.fence }, readSource };
    const outcome = await abortable(executor.run(job.settings, tools, signal), signal);
    return { type: 'done', outcome };
  } catch (error) {
    if (work.isAborted) return { type: 'aborted' };
    if (work.cancellation !== null) return { type: 'cancelled', by: work.cancellation.by };
    if (limit.isPassed) return { type: 'timedOut', error: timeoutError(job.timeoutMs, error) };
    return { type: 'failed', error: namedError(error) };
  } finally {
    limit.end();
    work.renew();
  }
}

/** After the abort the work has this long to end what it began at the remote (KILL QUERY). */
const endingMs = 3000;

/** An executor that does not mind its signal does not keep the run: some time after the abort it is left alone. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const giveUp = () => {
      const { reason } = signal;
      timer = setTimeout(() => reject(reason), reason instanceof RunCancelledError ? reason.graceMs : endingMs);
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutError(timeoutMs: number, error: unknown): { code: string; message: string } {
  const remote = error instanceof Error && error.message !== 'timeout' ? `: ${error.message}` : '';
  return { code: 'timeout', message: `Not finished within timeoutMs = ${timeoutMs}${remote}` };
}

/** Code and message as the alert shows them; a SourceError carries the remote's own. */
function namedError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'error', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message };
}
