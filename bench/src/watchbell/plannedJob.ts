import type { Job, Schedule } from '../../../app/domain/job/types';

/** A whole definition, as the agent gets it from the storage. */
export function jobNamed(name: string, schedule: Schedule): Job {
  return {
    name,
    revision: 1,
    createdRevision: 1,
    plannedFromAt: new Date(),
    paused: null,
    idleSinceAt: null,
    kind: 'check',
    title: `Job ${name}`,
    enabled: true,
    labels: {},
    schedule,
    misfire: 'last',
    misfireLimit: 10,
    graceMs: 15_000,
    onLost: 'retry',
    overlap: 'skip',
    timeoutMs: 30_000,
    jitterMs: 0,
    retry: { limit: 2, backoffMs: 1000, factor: 2 },
    startAt: null,
    endAt: null,
    calendar: null,
    placement: { on: 'one', hostLabels: {} },
    settings: {},
    notify: { channels: [], repeatMs: 3_600_000, onResolved: true },
  };
}
