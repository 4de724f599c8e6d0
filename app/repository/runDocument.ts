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
  const waits = overlap === 'queue' || overlap === 'replace';
  const state = waits || run.member === givenUp ? 'queued' : 'running';
  const place = waits
    ? { slot: waitingPlace(lane), lanes: [lane], queue: lane }
    : overlap === 'skip'
      ? { slot: lane }
      : {};
  return { ...bare(run, retentionDays), state, ...place };
}

/** The record of an occurrence that did not run. */
export function skipped(run: NewRun, reason: RunDoc['reason'], now: Date, retentionDays: number): RunDoc {
  return { ...bare(run, retentionDays), state: 'skipped', reason, finishedAt: now };
}

/** The record of a run that any member may start as soon as one of the lanes is free. */
export function queued(run: NewRun, lanes: string[], retentionDays: number): RunDoc {
  return { ...bare(run, retentionDays), state: 'queued', lanes, queue: lanes[0] };
}

function bare({ id, overlap: _overlap, ...fields }: NewRun, retentionDays: number): Omit<RunDoc, 'state'> {
  return {
    _id: id,
    ...fields,
    startedAt: null,
    finishedAt: null,
    latenessMs: 0,
    reason: null,
    attempt: 1,
    lostCount: 0,
    fence: 1,
    outcome: null,
    error: null,
    expireAt: new Date(fields.claimedAt.getTime() + retentionDays * dayMs),
  };
}
