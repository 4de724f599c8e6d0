import { createHash, randomBytes } from 'node:crypto';
import { UnavailableError } from '../../domain/errors';
import type { Job } from '../../domain/job/types';
import { occurrenceId } from '../../domain/run/occurrence';
import { givenUp } from '../../model/run';
import type { NewRun } from '../../repository/runDocument';
import type { RunRequests } from '../../repository/runRequests';
import type { Claimer } from './claimer';
import type { OwningPorts } from './ports';

export interface RunNowPorts extends Pick<OwningPorts, 'runs' | 'lease' | 'clock'> {
  requests: RunRequests;
  claimer: Claimer;
}

/** An Idempotency-Key is remembered for this span. */
const keyMs = 86_400_000;
/** The run before it may end while the claim gives way to it: then it is claimed again. */
const maxTries = 5;

/** Runs of a job that a person has asked for, beside its schedule. */
export class RunNow {
  constructor(private readonly ports: RunNowPorts) {}

  /**
   * Answers the id of the run: its record is majority-durable by then, and it is started here where the job's overlap
   * policy lets it and this host is not drained. The same key within a day answers the same run. Throws UnavailableError.
   */
  async run(job: Job, by: string, key: string | null): Promise<string> {
    const { lease, clock, claimer, runs } = this.ports;
    if (!lease.valid) throw new UnavailableError('This member holds no lease just now; send the same request again.');
    const requestKey = key === null ? undefined : hash(job, key);
    const run = this.newRun(job, by, requestKey);
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

  private newRun({ name: job, revision, onLost, overlap }: Job, by: string, requestKey: string | undefined): NewRun {
    const { lease, clock } = this.ports;
    const now = clock.now();
    // A draining host runs nothing: the run is nobody's until another host's next sweep finds it.
    const { member, hostId } = lease.draining
      ? { member: givenUp, hostId: '' }
      : { member: lease.memberId, hostId: lease.hostId };
    const id = `${occurrenceId(job, now)}~${randomBytes(6).toString('hex')}`;
    const fields = { id, job, jobRevision: revision, onLost, overlap, member, hostId, requestedBy: by };
    return { ...fields, trigger: 'manual', scheduledAt: now, claimedAt: now, ...(requestKey && { requestKey }) };
  }
}

/** A job that was made anew is another job. */
function hash({ name, createdRevision }: Job, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([name, createdRevision, key]))
    .digest('hex');
}
