import { ValidationError } from '../../domain/errors';
import type { Job } from '../../domain/job/types';
import { mostOccurrences, occurrencesIn } from '../../domain/run/backfill';
import { backfillLanes, laneOf } from '../../domain/run/lane';
import { occurrenceId } from '../../domain/run/occurrence';
import { type PlacedRun, placedOn } from '../../domain/run/placement';
import { timetable } from '../../domain/schedule';
import type { Backfills } from '../../repository/backfills';
import type { Hosts } from '../../repository/hosts';
import type { NewRun } from '../../repository/runDocument';
import type { NewestJob } from './newest';
import type { OwningPorts } from './ports';
import { notBound, Targets } from './targets';

export interface BackfillPorts extends Pick<OwningPorts, 'clock' | 'log' | 'lease' | 'host'> {
  hosts: Pick<Hosts, 'taking'>;
  backfills: Backfills;
  /** Runs were queued: look at once. */
  queued(): void;
}

export interface BackfillRequest {
  /** Included. */
  from: Date;
  /** Not included. */
  to: Date;
  /** `queue` shares the job's own lane with its schedule, `allow` runs beside it. */
  overlap: 'queue' | 'allow';
  /** Runs at a time; more than one only with `allow`. */
  concurrency: number;
  /** Of a job that every host runs: only this host's; null for those of every host that takes work. */
  hostId: string | null;
}

export interface BackfillAnswer {
  from: Date;
  to: Date;
  /** Occurrences that are queued, or would be. */
  count: number;
  /** Occurrences of the span that have run, or are about to. */
  already: number;
  runIds: string[];
}

/** Runs what a job's schedule, as it is now, would have run in a span of the past. */
export class Backfill {
  private readonly targets: Targets;

  constructor(private readonly ports: BackfillPorts) {
    this.targets = new Targets(ports);
  }

  /** Throws ValidationError, and ConflictError where no host may run them. With `dryRun` nothing is queued. */
  async queue(newest: NewestJob, request: BackfillRequest, by: string, dryRun: boolean): Promise<BackfillAnswer> {
    const { queued, log } = this.ports;
    const { from, to } = request;
    const { job } = newest;
    const at = this.occurrences(newest, request);
    const hosts = await this.hostsOf(job, request);
    if (at.length * hosts.length > mostOccurrences) throw tooMany(at.length * hosts.length, false);
    const answer: BackfillAnswer = { from, to, count: 0, already: 0, runIds: [] };
    for (const hostId of hosts) {
      const { ids, already } = await this.queueOn(hostId, newest, { at, request, by, dryRun });
      answer.count += ids.length;
      answer.already += already;
      if (!dryRun) answer.runIds.push(...ids);
    }
    if (!dryRun && answer.count > 0) {
      log.info('backfill.queued', { jobId: job.name, count: answer.count, from, to, by });
      queued();
    }
    return { ...answer, runIds: answer.runIds.sort() };
  }

  /** Queues what has not run: on this host where every host runs the job. */
  private async queueOn(
    hostId: string,
    { job }: NewestJob,
    { at, request, by, dryRun }: { at: readonly number[]; request: BackfillRequest; by: string; dryRun: boolean },
  ): Promise<{ ids: string[]; already: number }> {
    const { backfills, clock } = this.ports;
    const placed = placedOn(hostId, job.placement);
    const now = clock.now();
    const all = at.map(one => ({ ...newRun(job, placed, new Date(one)), claimedAt: now, requestedBy: by }));
    const done = await backfills.done(all.map(run => run.id));
    const wanted = all.filter(run => !done.has(run.id));
    const lane = laneOf({ job: job.name, ...placed });
    const lanes = request.overlap === 'queue' ? [lane] : backfillLanes(lane, request.concurrency);
    const ids = dryRun ? wanted.map(run => run.id) : await backfills.queue(wanted, lanes);
    return { ids, already: all.length - ids.length };
  }

  /** The hosts that run each occurrence; one that stands for any where one of them runs it. */
  private async hostsOf(job: Job, { hostId }: BackfillRequest): Promise<string[]> {
    if (job.placement.on === 'every-host') return await this.targets.boundHosts(job, hostId);
    if (hostId !== null) throw notBound();
    return [''];
  }

  private occurrences({ job, rule }: NewestJob, { from, to }: BackfillRequest): number[] {
    if (to > this.ports.clock.now()) throw invalid('to', 'lies in the future: only what is past can be run again');
    if (from >= to) throw invalid('from', 'must be earlier than "to"');
    const { schedule, startAt, endAt } = job;
    const found = occurrencesIn(timetable(schedule, { startAt, endAt }, rule), from.getTime(), to.getTime());
    if (found.type === 'all') return found.at;
    throw tooMany(found.count, found.more);
  }
}

function newRun(job: Job, placed: PlacedRun, scheduledAt: Date): Omit<NewRun, 'claimedAt' | 'requestedBy'> {
  const { name, revision, onLost, overlap } = job;
  return {
    id: occurrenceId(name, scheduledAt, placed.boundTo),
    job: name,
    jobRevision: revision,
    trigger: 'backfill',
    scheduledAt,
    onLost,
    overlap,
    member: '',
    hostId: placed.boundTo ?? '',
    ...placed,
  };
}

function tooMany(found: number, more: boolean): ValidationError {
  const count = `${more ? 'more than ' : ''}${found.toLocaleString('en-US')}`;
  const most = mostOccurrences.toLocaleString('en-US');
  return invalid('to', `the span holds ${count} occurrences, and one backfill takes at most ${most}: shorten it`);
}

function invalid(path: string, message: string): ValidationError {
  return new ValidationError([{ path, message }]);
}
