import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CommandError, reasonOf } from '../errors';
import { listOf } from '../figures/measure';
import { bodyOf, type Plan } from './plan';
import { type RunRecord, recordSchema } from './types';

const callMs = 10_000;
/** While hosts are away or MongoDB elects, a call is tried again for so long. */
const patienceMs = 30_000;
const pauseMs = 300;
/** Jobs written or read at the same time. */
const atOnce = 4;

const pageSchema = z.object({ items: z.array(recordSchema), nextCursor: z.string().nullable() });
const kindsSchema = z.object({ jobs: z.array(z.object({ kind: z.string() })) });

/** Watchbell's public API, at whichever host answers. */
export class DrillApi {
  constructor(
    private readonly origins: () => readonly string[],
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Throws CommandError where the hosts do not run with WATCHBELL_DRILL=true. */
  async assertDrillKind(): Promise<void> {
    const { jobs } = kindsSchema.parse(await this.call('GET', '/api/v1/kinds'));
    if (jobs.some(({ kind }) => kind === 'drill')) return;
    throw new CommandError(
      'The cluster does not know the job kind "drill": start every host with WATCHBELL_DRILL=true (staging only).',
    );
  }

  async define(plan: Plan, witnessUrl: string): Promise<void> {
    await this.each(plan, job => this.call('PUT', `/api/v1/jobs/${job.name}`, bodyOf(job, plan, witnessUrl)));
  }

  async remove(plan: Plan): Promise<void> {
    await this.each(plan, job => this.call('DELETE', `/api/v1/jobs/${job.name}`));
  }

  /** Every record of the plan's jobs. */
  async records(plan: Plan): Promise<RunRecord[]> {
    const found = await this.each(plan, job =>
      listOf(async cursor =>
        pageSchema.parse(await this.call('GET', `/api/v1/runs?job=${job.name}&limit=500${cursor}`)),
      ),
    );
    return found.flat();
  }

  private async each<T>(plan: Plan, work: (job: Plan['jobs'][number]) => Promise<T>): Promise<T[]> {
    const left = [...plan.jobs];
    const done: T[] = [];
    const worker = async () => {
      for (let job = left.shift(); job !== undefined; job = left.shift()) done.push(await work(job));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return done;
  }

  /** Asks one host after the other while none answers or MongoDB is away. A DELETE of what is gone is done. */
  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const deadline = performance.now() + patienceMs;
    let last = 'there is no host';
    while (performance.now() < deadline) {
      for (const origin of this.origins()) {
        this.signal.throwIfAborted();
        const answer = await this.send(method, origin + path, body).catch(error => reasonOf(error));
        if (typeof answer === 'string') last = answer;
        else if (answer.ok || (method === 'DELETE' && answer.status === 404)) return answer.body;
        else if (answer.status !== 503) throw new CommandError(`${method} ${path}: ${answer.status} ${answer.text}`);
        else last = `${answer.status} ${answer.text}`;
      }
      await sleep(pauseMs, undefined, { signal: this.signal });
    }
    throw new CommandError(`${method} ${path}: no host answered within ${patienceMs / 1000} s (${last}).`);
  }

  private async send(method: string, url: string, body?: unknown) {
    const answer = await fetch(url, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        Connection: 'close',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(callMs)]),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const parsed: unknown = isJson ? JSON.parse(text) : undefined;
    return { ok: answer.ok, status: answer.status, text: text.slice(0, 500), body: parsed };
  }
}
