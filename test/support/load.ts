import { setTimeout as sleep } from 'node:timers/promises';
import { occurrenceId } from '../../app/domain/run/occurrence';
import type { RunDoc } from '../../app/model/run';
import type { ClusterWorld } from './clusterWorld';
import { eventually } from './eventually';
import { runsOf } from './runRecords';

export interface LoadOptions {
  /** First word of the jobs' names. */
  name: string;
  /** Each is due once a second; together they are spread over it. */
  jobs: number;
  seconds: number;
  /** What the index-th job is given over the check of `name`, or over `base`. */
  over?: (index: number) => Record<string, unknown>;
  /** Jobs of another kind than a check. */
  base?: Record<string, unknown>;
  /** Ms until the first is due: all must be defined before. */
  leadMs?: number;
}

/** Occurrences that come steadily for a while, and how to see that none was missed. */
export class Load {
  readonly startAt: number;
  readonly endAt: number;

  constructor(
    private readonly world: ClusterWorld,
    private readonly options: LoadOptions,
  ) {
    this.startAt = Math.ceil((Date.now() + (options.leadMs ?? 5000)) / 1000) * 1000;
    this.endAt = this.startAt + options.seconds * 1000;
  }

  /** Defines the jobs, and waits until the load has run for `intoMs`. */
  async begin(intoMs = 0): Promise<this> {
    const { name, jobs, base, over = () => ({}) } = this.options;
    const define = (index: number) => {
      const timed = {
        schedule: { everyMs: 1000, anchorAt: new Date(this.offsetOf(index)).toISOString() },
        startAt: new Date(this.startAt).toISOString(),
        endAt: new Date(this.endAt).toISOString(),
        ...over(index),
      };
      const job = base === undefined ? this.world.check(name, timed) : { ...base, ...timed };
      return this.world.api.must('PUT', `/api/v1/jobs/${name}-${index}`, job);
    };
    await Promise.all(Array.from({ length: jobs }, (_, index) => define(index)));
    if (Date.now() > this.startAt) throw new Error(`${name}: its jobs were defined too late`);
    await sleep(this.startAt + intoMs - Date.now());
    return this;
  }

  /** Ids of every occurrence that must have a record in the end. */
  occurrences(): string[] {
    const { name, jobs, seconds } = this.options;
    return Array.from({ length: jobs }, (_, index) => index).flatMap(index =>
      Array.from({ length: seconds }, (_, second) =>
        occurrenceId(`${name}-${index}`, new Date(this.startAt + this.offsetOf(index) + second * 1000)),
      ),
    );
  }

  /** Every record, once all have come and ended. */
  async ended(timeoutMs = 30_000): Promise<RunDoc[]> {
    const { name } = this.options;
    const expected = this.occurrences().length;
    const last = this.endAt - Date.now();
    let missing = '';
    return await eventually(
      `${name}: ${expected} runs have ended`,
      async () => {
        const runs = await this.records();
        const open = runs.filter(run => run.finishedAt === null);
        missing = `${runs.length} recorded, not ended: ${open.map(run => `${run._id} ${run.state} of ${run.member}`)}`;
        if (runs.length < expected || open.length > 0) throw new Error(missing);
        return runs;
      },
      Math.max(0, last) + timeoutMs,
    );
  }

  async records(): Promise<RunDoc[]> {
    return await runsOf(this.world.database, `${this.options.name}-`);
  }

  private offsetOf(index: number): number {
    return Math.floor((index * 1000) / this.options.jobs);
  }
}

/** How long before its start a load of so many jobs must be begun, as fast as this machine is now. */
export async function leadFor(world: ClusterWorld, jobs: number): Promise<number> {
  const from = performance.now();
  await world.api.must('PUT', '/api/v1/jobs/how-fast', world.check('how-fast', { enabled: false }));
  return Math.max(2000, 1000 + 3 * jobs * (performance.now() - from));
}
