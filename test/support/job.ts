import type { Job } from '../../app/domain/job/types';

/** A valid hourly check; what a test is about is given over it. */
export function jobOf(over: Partial<Job> = {}): Job {
  return {
    name: 'online-404',
    revision: 1,
    createdRevision: 1,
    plannedFromAt: new Date('2026-01-01T00:00:00Z'),
    paused: null,
    idleSinceAt: null,
    kind: 'check',
    title: '404 online',
    enabled: true,
    labels: {},
    schedule: { cron: '0 * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' },
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
    ...over,
  };
}
