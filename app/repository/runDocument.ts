import type { Overlap } from '../domain/job/types';
import { laneOf, waitingPlace } from '../domain/run/lane';
import type { PlacedRun } from '../domain/run/placement';
import { givenUp, type RunDoc } from '../model/run';

/** A run as it is claimed. */
export interface NewRun extends PlacedRun {
  id: string;
  job: string;
  jobRevision: number;
  trigger: RunDoc['trigger'];
  scheduledAt: Date;
  claimedAt: Date;
  onLost: RunDoc['onLost'];
  /** Decides what of the job it takes: see claimed. */
  overlap: Overlap;
  member: string;
  hostId: string;
  requestedBy?: string | undefined;
  requestKey?: string | undefined;
}

const dayMs = 86_400_000;

/**
 * The record of a claim: by `skip` it takes the job's lane and runs, by `allow` it runs beside the others; by `queue`
 * and `replace` it takes the one waiting place, so that a fresh run never goes before one that waits. A run that nobody
 * has (givenUp) is claimed for whoever finds it.
 */
export function claimed(run: NewRun, retentionDays: number): RunDoc {
  const { overlap } = run;
  const lane = laneOf(run);
  const record = bare(run, retentionDays, 'running');
  if (overlap === 'queue' || overlap === 'replace') {
    record.slot = waitingPlace(lane);
    record.lanes = [lane];
    record.queue = lane;
    record.state = 'queued';
  } else if (overlap === 'skip') {
    record.slot = lane;
  }
  if (run.member === givenUp) record.state = 'queued';
  return record;
}

/** The record of an occurrence that did not run. */
export function skipped(run: NewRun, reason: RunDoc['reason'], now: Date, retentionDays: number): RunDoc {
  return { ...bare(run, retentionDays, 'skipped'), reason, finishedAt: now };
}

/** The record of a run that any member may start as soon as one of the lanes is free. */
export function queued(run: NewRun, lanes: string[], retentionDays: number): RunDoc {
  return { ...bare(run, retentionDays, 'queued'), lanes, queue: lanes[0] };
}

/** Field by field: a burst makes thousands at once, and an object that is spread costs forty times as much. */
function bare(run: NewRun, retentionDays: number, state: RunDoc['state']): RunDoc {
  return {
    _id: run.id,
    job: run.job,
    jobRevision: run.jobRevision,
    trigger: run.trigger,
    scheduledAt: run.scheduledAt,
    claimedAt: run.claimedAt,
    onLost: run.onLost,
    member: run.member,
    hostId: run.hostId,
    boundTo: run.boundTo,
    hostLabels: run.hostLabels,
    requestedBy: run.requestedBy,
    requestKey: run.requestKey,
    state,
    startedAt: null,
    finishedAt: null,
    latenessMs: 0,
    reason: null,
    attempt: 1,
    lostCount: 0,
    fence: 1,
    outcome: null,
    error: null,
    expireAt: new Date(run.claimedAt.getTime() + retentionDays * dayMs),
  };
}
