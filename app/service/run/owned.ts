import type { NewRun } from '../../repository/runDocument';
import type { UnfinishedRun } from '../../repository/runOwners';
import type { OwnedRun } from './starter';

/** A stored run that has just become this member's own; `run` is as it stands stored now. */
export function ownedRun(run: UnfinishedRun, by: OwnedRun['by']): OwnedRun {
  const { id, job, jobRevision: revision, trigger, scheduledAt, fence, attempt, slot = null } = run;
  return { id, job, revision, trigger, scheduledAt, fence, attempt, slot, by };
}

/** A run whose claim this member has won. */
export function claimedRun({ id, job, jobRevision: revision, trigger, scheduledAt, overlap }: NewRun): OwnedRun {
  const slot = overlap === 'allow' ? null : job;
  return { id, job, revision, trigger, scheduledAt, fence: 1, attempt: 1, slot, by: 'claim' };
}
