import { describe, expect, it } from 'vitest';
import { Timetables } from '../../../app/timing/timetables';
import { jobOf } from '../../support/job';

const hourly = jobOf();
const inShanghai = jobOf({ schedule: { cron: '0 * * * *', zone: 'Asia/Shanghai', dst: 'shift', repeated: 'first' } });

describe('Timetables', () => {
  it('compiles equal schedules once', () => {
    const timetables = new Timetables();
    expect(timetables.of(hourly).table).toBe(timetables.of(jobOf({ name: 'another' })).table);
  });

  it('tells schedules apart by zone and by bounds', () => {
    const timetables = new Timetables();
    const bounded = jobOf({ endAt: new Date('2027-01-01T00:00:00Z') });
    const keys = [hourly, inShanghai, bounded].map(job => timetables.of(job).key);
    expect(new Set(keys).size).toBe(3);
  });
});
