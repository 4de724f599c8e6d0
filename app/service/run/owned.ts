import { laneOf } from '../../domain/run/lane';
import type { NewRun } from '../../repository/runDocument';
import type { UnfinishedRun } from '../../repository/runOwners';
import type { OwnedRun } from './starter';

/** A stored run that has just become this member's own; `run` is as it stands stored now. */
export function ownedRun(run: UnfinishedRun, by: OwnedRun['by']): OwnedRun {
  const { id, job, jobRevision: revision, trigger, scheduledAt, fence, attempt, slot = null, boundTo } = run;
  return { id, job, revision, trigger, scheduledAt, fence, attempt, slot, by, boundTo };
}

/** A run whose claim this member has won. */
export function claimedRun(run: NewRun): OwnedRun {
  const { id, job, jobRevision: revision, trigger, scheduledAt, overlap, boundTo } = run;
  const slot = overlap === 'allow' ? null : laneOf(run);
  return { id, job, revision, trigger, scheduledAt, fence: 1, attempt: 1, slot, by: 'claim', boundTo };
}
