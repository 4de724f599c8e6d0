import { createHash, randomBytes } from 'node:crypto';
import { UnavailableError } from '../../domain/errors';
import type { Job } from '../../domain/job/types';
import { occurrenceId } from '../../domain/run/occurrence';
import type { Hosts } from '../../repository/hosts';
import type { NewRun } from '../../repository/runDocument';
import type { RunRequests } from '../../repository/runRequests';
import type { Claimer } from './claimer';
import type { OwningPorts } from './ports';
import { type RunTarget, Targets } from './targets';

export interface RunNowPorts extends Pick<OwningPorts, 'runs' | 'lease' | 'clock' | 'host'> {
  hosts: Pick<Hosts, 'taking'>;
  requests: RunRequests;
  claimer: Claimer;
}

/** An Idempotency-Key is remembered for this span. */
const keyMs = 86_400_000;
/** The run before it may end while the claim gives way to it: then it is claimed again. */
const maxTries = 5;

/** Runs of a job that a person has asked for, beside its schedule. */
export class RunNow {
  private readonly target: Targets;

  constructor(private readonly ports: RunNowPorts) {
    this.target = new Targets(ports);
  }

  /**
   * Answers the id of the run: its record is majority-durable by then, and it is started here where the job's overlap
   * policy lets it and this host is not drained. The same key within a day answers the same run.
   * `hostId` names the host of a job that every host runs. Throws UnavailableError, ConflictError, ValidationError.
   */
  async run(job: Job, by: string, key: string | null, hostId: string | null = null): Promise<string> {
    const { lease, clock, claimer, runs } = this.ports;
    if (!lease.valid) throw new UnavailableError('This member holds no lease just now; send the same request again.');
    const requestKey = key === null ? undefined : hash(job, key, hostId);
    const before = await this.earlier(requestKey);
    if (before !== null) return before;
    const run = this.newRun(job, by, requestKey, await this.target.of(job, hostId));
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const earlier = await this.earlier(requestKey);
      if (earlier !== null) return earlier;
      await claimer.claim([run]);
      if ((await runs.recorded([run.id])).has(run.id)) return run.id;
    }
    // Whatever holds the job's lane cannot be judged now (its member is lost): a run of the job is under way.
    if (await runs.insertSkipped(run, 'overlap', clock.now())) return run.id;
    return (await this.earlier(requestKey)) ?? run.id;
  }

  private async earlier(requestKey: string | undefined): Promise<string | null> {
    if (requestKey === undefined) return null;
    return await this.ports.requests.find(requestKey, new Date(this.ports.clock.now().getTime() - keyMs));
  }

  private newRun(job: Job, by: string, requestKey: string | undefined, target: RunTarget): NewRun {
    const { name, revision, onLost, overlap } = job;
    const now = this.ports.clock.now();
    const id = `${occurrenceId(name, now)}~${randomBytes(6).toString('hex')}`;
    const fields = { id, job: name, jobRevision: revision, onLost, overlap, requestedBy: by, ...target };
    return { ...fields, trigger: 'manual', scheduledAt: now, claimedAt: now, ...(requestKey && { requestKey }) };
  }
}

/** A job that was made anew is another job. */
function hash({ name, createdRevision }: Job, key: string, hostId: string | null): string {
  return createHash('sha256')
    .update(JSON.stringify([name, createdRevision, key, ...(hostId === null ? [] : [hostId])]))
    .digest('hex');
}
