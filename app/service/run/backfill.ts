import { ValidationError } from '../../domain/errors';
import type { Job } from '../../domain/job/types';
import { mostOccurrences, occurrencesIn } from '../../domain/run/backfill';
import { backfillLanes } from '../../domain/run/lane';
import { occurrenceId } from '../../domain/run/occurrence';
import { timetable } from '../../domain/schedule';
import type { Backfills } from '../../repository/backfills';
import type { NewRun } from '../../repository/runDocument';
import type { NewestJob } from './newest';
import type { OwningPorts } from './ports';

export interface BackfillPorts extends Pick<OwningPorts, 'clock' | 'log'> {
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
  constructor(private readonly ports: BackfillPorts) {}

  /** Throws ValidationError. With `dryRun` nothing is queued. */
  async queue(newest: NewestJob, request: BackfillRequest, by: string, dryRun: boolean): Promise<BackfillAnswer> {
    const { backfills, queued, log } = this.ports;
    const { from, to, overlap, concurrency } = request;
    const { job } = newest;
    const all = this.runsOf(newest, request, by);
    const done = await backfills.done(all.map(run => run.id));
    const wanted = all.filter(run => !done.has(run.id));
    const lanes = overlap === 'queue' ? [job.name] : backfillLanes(job.name, concurrency);
    const ids = dryRun ? wanted.map(run => run.id) : await backfills.queue(wanted, lanes);
    if (!dryRun && ids.length > 0) {
      log.info('backfill.queued', { jobId: job.name, count: ids.length, from, to, by });
      queued();
    }
    return { from, to, count: ids.length, already: all.length - ids.length, runIds: dryRun ? [] : ids.sort() };
  }

  private runsOf({ job, rule }: NewestJob, request: BackfillRequest, by: string): NewRun[] {
    const now = this.ports.clock.now();
    const { from, to } = request;
    if (to > now) throw invalid('to', 'lies in the future: only what is past can be run again');
    if (from >= to) throw invalid('from', 'must be earlier than "to"');
    const { schedule, startAt, endAt } = job;
    const found = occurrencesIn(timetable(schedule, { startAt, endAt }, rule), from.getTime(), to.getTime());
    if (found.type === 'all') return found.at.map(at => newRun(job, new Date(at), by, now));
    const count = `${found.more ? 'more than ' : ''}${found.count.toLocaleString('en-US')}`;
    const most = mostOccurrences.toLocaleString('en-US');
    throw invalid('to', `the span holds ${count} occurrences, and one backfill takes at most ${most}: shorten it`);
  }
}

function newRun({ name, revision, onLost, overlap }: Job, scheduledAt: Date, by: string, now: Date): NewRun {
  return {
    id: occurrenceId(name, scheduledAt),
    job: name,
    jobRevision: revision,
    trigger: 'backfill',
    scheduledAt,
    claimedAt: now,
    onLost,
    overlap,
    member: '',
    hostId: '',
    requestedBy: by,
  };
}

function invalid(path: string, message: string): ValidationError {
  return new ValidationError([{ path, message }]);
}
