import { describe, expect, it } from 'vitest';
import { startDecision as decision, mayTryAgain } from '../../../../app/domain/run/start';
import { jobOf } from '../../../support/job';

const scheduledAt = new Date('2026-01-01T01:00:00Z');
const hourly = jobOf({ revision: 7, plannedFromAt: new Date('2026-01-01T00:00:00Z') });

/** On a host without labels. */
type Asked = Parameters<typeof decision>;
const startDecision = (job: Asked[0], run: Asked[1], rule: Asked[2]) =>
  decision(job, run, rule, { id: 'a', labels: {} });

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

  it('starts what a person has asked for, whatever the schedule says by now, unless the job is gone or made anew', () => {
    const paused = { note: '', by: 'ops', at: scheduledAt };
    const idle = { ...hourly, paused, enabled: false, plannedFromAt: new Date('2099-01-01T00:00:00Z') };
    for (const trigger of ['manual', 'backfill'] as const) {
      const wish = { trigger, revision: 5, scheduledAt: new Date('2026-01-01T01:23:45Z') };
      expect(startDecision(idle, wish, null)).toBe('start');
      expect(startDecision(undefined, wish, null)).toBe('changed');
      expect(startDecision({ ...idle, createdRevision: 6 }, wish, null)).toBe('changed');
    }
  });

  it('starts nothing that the calendar, as it is now, keeps back or does not know', () => {
    const day = scheduledAt.getTime() / 86_400_000;
    const days = (isWorkday: boolean) => ({
      zone: 'UTC',
      isWorkday: (other: number) => isWorkday || other > day,
      nameOf: () => null,
    });
    const occurrence = { trigger: 'schedule' as const, revision: 7, scheduledAt };
    const rule = (isWorkday: boolean, outside: 'skip' | 'next') =>
      ({ days: days(isWorkday), on: 'workdays', outside }) as const;
    expect(startDecision(hourly, occurrence, rule(true, 'skip'))).toBe('start');
    expect(startDecision(hourly, occurrence, rule(false, 'skip'))).toBe('calendar');
    expect(startDecision(hourly, occurrence, rule(false, 'next'))).toBe('changed');
  });
});

describe('startDecision about the host', () => {
  const claimed = { trigger: 'schedule' as const, revision: 7, scheduledAt };
  const here = { id: 'a', labels: { zone: 'eu', disk: 'ssd' } };
  const placed = (on: 'one' | 'every-host', hostLabels = {}) => ({ ...hourly, placement: { on, hostLabels } });

  it('starts a run only where the host has every label that the job asks for now', () => {
    expect(decision(placed('one', { zone: 'eu' }), claimed, null, here)).toBe('start');
    expect(decision(placed('one', { zone: 'us' }), claimed, null, here)).toBe('misplaced');
    expect(decision(placed('one', { zone: 'eu', gpu: 'yes' }), claimed, null, here)).toBe('misplaced');
  });

  it('starts no occurrence of one host for every host, nor the other way round', () => {
    expect(decision(placed('every-host'), { ...claimed, boundTo: 'a' }, null, here)).toBe('start');
    expect(decision(placed('every-host'), claimed, null, here)).toBe('misplaced');
    expect(decision(placed('one'), { ...claimed, boundTo: 'a' }, null, here)).toBe('misplaced');
  });

  it('minds the labels also of what a person has asked for', () => {
    const wish = { trigger: 'manual' as const, revision: 7, scheduledAt };
    expect(decision(placed('every-host', { zone: 'eu' }), wish, null, here)).toBe('start');
    expect(decision(placed('one', { zone: 'us' }), wish, null, here)).toBe('misplaced');
  });
});

describe('mayTryAgain', () => {
  it('tries a scheduled run again only while its job runs by its schedule', () => {
    const paused = { note: '', by: 'ops', at: scheduledAt };
    expect(mayTryAgain(hourly, 'schedule')).toBe(true);
    expect(mayTryAgain({ ...hourly, paused }, 'schedule')).toBe(false);
    expect(mayTryAgain({ ...hourly, enabled: false }, 'schedule')).toBe(false);
    expect(mayTryAgain({ ...hourly, paused, enabled: false }, 'manual')).toBe(true);
    expect(mayTryAgain(undefined, 'backfill')).toBe(false);
  });
});
