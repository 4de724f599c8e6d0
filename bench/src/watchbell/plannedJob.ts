import type { Job, JobSpec, Schedule } from '../../../app/domain/job/types';

/** A job that does nothing; what a load is about is given over it. */
export function noOpJob(over: Partial<JobSpec>): JobSpec {
  return {
    kind: 'drill',
    title: 'no-op',
    enabled: true,
    labels: {},
    schedule: { everyMs: 10_000, anchorAt: new Date(0) },
    misfire: 'last',
    misfireLimit: 10,
    graceMs: 15_000,
    onLost: 'retry',
    overlap: 'skip',
    timeoutMs: 30_000,
    jitterMs: 0,
    retry: { limit: 0, backoffMs: 1000, factor: 2 },
    startAt: null,
    endAt: null,
    calendar: null,
    placement: { on: 'one', hostLabels: {} },
    settings: { url: null, workMs: 0, callMs: 5000 },
    notify: { channels: [], repeatMs: null, onResolved: false },
    ...over,
  };
}

/** A whole definition, as the agent gets it from the storage. */
export function jobNamed(name: string, schedule: Schedule): Job {
  const planned = { name, revision: 1, createdRevision: 1, plannedFromAt: new Date(), paused: null, idleSinceAt: null };
  return {
    ...noOpJob({ kind: 'check', title: `Job ${name}`, schedule, retry: { limit: 2, backoffMs: 1000, factor: 2 } }),
    ...{ settings: {}, notify: { channels: [], repeatMs: 3_600_000, onResolved: true } },
    ...planned,
  };
}
