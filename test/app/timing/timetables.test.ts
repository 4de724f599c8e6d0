import { describe, expect, it } from 'vitest';
import type { DayRule } from '../../../app/domain/calendar/types';
import { Timetables } from '../../../app/timing/timetables';
import { jobOf } from '../../support/job';

const hourly = jobOf();
const inShanghai = jobOf({ schedule: { cron: '0 * * * *', zone: 'Asia/Shanghai', dst: 'shift', repeated: 'first' } });
const days = () => ({ zone: 'UTC', isWorkday: () => true, nameOf: () => null });
const rule: DayRule = { days: days(), on: 'workdays', outside: 'skip' };

describe('Timetables', () => {
  it('compiles equal schedules once', () => {
    const timetables = new Timetables();
    expect(timetables.take(hourly, null)).toBe(timetables.take(jobOf({ name: 'another' }), null));
  });

  it('tells schedules apart by zone, by bounds and by calendar', () => {
    const timetables = new Timetables();
    const bounded = jobOf({ endAt: new Date('2027-01-01T00:00:00Z') });
    const keys = [hourly, inShanghai, bounded].map(job => timetables.take(job, null).key);
    keys.push(timetables.take(hourly, rule).key, timetables.take(hourly, { ...rule, days: days() }).key);
    keys.push(timetables.take(hourly, { ...rule, on: 'holidays' }).key);
    expect(new Set(keys).size).toBe(6);
  });

  it('forgets a schedule when the last job gave it back', () => {
    const timetables = new Timetables();
    const taken = [timetables.take(hourly, null), timetables.take(hourly, null)];
    for (const [index, shared] of taken.entries()) {
      timetables.giveBack(shared);
      expect(timetables.size).toBe(1 - index);
    }
  });
});
