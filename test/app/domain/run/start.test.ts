import { describe, expect, it } from 'vitest';
import { startDecision } from '../../../../app/domain/run/start';
import { jobOf } from '../../../support/job';

const scheduledAt = new Date('2026-01-01T01:00:00Z');
const hourly = jobOf({ revision: 7, plannedFromAt: new Date('2026-01-01T00:00:00Z') });

describe('startDecision', () => {
  it('starts by the definition that announced it', () => {
    expect(startDecision(hourly, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe('start');
  });

  it('starts nothing of a deleted job', () => {
    expect(startDecision(undefined, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe('changed');
  });

  it('starts nothing of a paused or disabled job', () => {
    const paused = { note: '', by: 'ops', at: scheduledAt };
    expect(startDecision({ ...hourly, paused }, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe(
      'paused',
    );
    expect(startDecision({ ...hourly, enabled: false }, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe(
      'paused',
    );
  });

  it('starts an occurrence that an update of something else left alone', () => {
    expect(startDecision({ ...hourly, revision: 8 }, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe(
      'start',
    );
  });

  it('starts nothing that the new schedule does not know', () => {
    const rescheduled = jobOf({
      revision: 8,
      schedule: { cron: '30 * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' },
    });
    expect(startDecision(rescheduled, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe('changed');
  });

  it('starts nothing from before the newest schedule was planned', () => {
    const later = { ...hourly, revision: 8, plannedFromAt: new Date('2026-01-01T01:00:00.001Z') };
    expect(startDecision(later, { trigger: 'schedule', revision: 7, scheduledAt }, null)).toBe('changed');
  });
});
