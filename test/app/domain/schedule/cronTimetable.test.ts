import { describe, expect, it } from 'vitest';
import type { CronSchedule } from '../../../../app/domain/job/types';
import { timetable } from '../../../../app/domain/schedule';
import { zoneOf } from '../../../../app/domain/schedule/zone';

type Policy = Partial<Pick<CronSchedule, 'dst' | 'repeated'>>;

const at = (text: string) => Date.parse(text);
const table = (cron: string, zone: string, { dst = 'shift', repeated = 'first' }: Policy = {}) =>
  timetable({ cron, zone, dst, repeated });

/** What is due on a local day: wall time, offset and note. */
function dayIn(zone: string, cron: string, day: string, policy: Policy = {}): string[] {
  const schedule = table(cron, zone, policy);
  const from = at(`${day}T00:00:00Z`);
  const found: string[] = [];
  for (let next = schedule.next(from - 86_400_000); next !== null; next = schedule.next(next)) {
    const local = next + zoneOf(zone).offsetAt(next);
    if (local >= from + 86_400_000) break;
    if (local >= from) found.push(written(local, local - next, schedule.note(next)));
  }
  return found;
}

function written(local: number, offset: number, note: string | null): string {
  const hours = `${offset < 0 ? '-' : '+'}${Math.abs(offset) / 3_600_000}`;
  return `${new Date(local).toISOString().slice(11, 16)} ${hours}${note === null ? '' : ` ${note}`}`;
}

describe('New York on 8 March 2026, whose clocks go from 02:00 to 03:00', () => {
  const day = (cron: string, policy?: Policy) => dayIn('America/New_York', cron, '2026-03-08', policy);

  it('runs what was for 02:30 at the first instant after the gap', () => {
    expect(day('30 2 * * *')).toEqual(['03:00 -4 shifted: 02:30 does not exist']);
  });

  it('runs several wall times of the gap once', () => {
    expect(day('*/30 2 * * *')).toEqual(['03:00 -4 shifted: 02:00 to 02:30 (2 times) do not exist']);
  });

  it('runs once where another occurrence falls on the end of the gap anyway', () => {
    expect(day('0 2,3,4 * * *')).toEqual(['03:00 -4 shifted: 02:00 does not exist', '04:00 -4']);
  });

  it('runs nothing for the gap by the policy skip', () => {
    expect(day('30 2 * * *', { dst: 'skip' })).toEqual([]);
    expect(day('0 2,3,4 * * *', { dst: 'skip' })).toEqual(['03:00 -4', '04:00 -4']);
  });

  it('runs on the next day as ever', () => {
    expect(dayIn('America/New_York', '30 2 * * *', '2026-03-09')).toEqual(['02:30 -4']);
  });

  it('makes nothing up for an expression of every hour', () => {
    expect(day('0 * * * *').slice(0, 4)).toEqual(['00:00 -5', '01:00 -5', '03:00 -4', '04:00 -4']);
    expect(day('30 */2 * * *').slice(0, 3)).toEqual(['00:30 -5', '04:30 -4', '06:30 -4']);
    expect(day('*/20 * * * *').slice(3, 8)).toEqual(['01:00 -5', '01:20 -5', '01:40 -5', '03:00 -4', '03:20 -4']);
  });
});

describe('New York on 1 November 2026, whose clocks go from 02:00 back to 01:00', () => {
  const day = (cron: string, policy?: Policy) => dayIn('America/New_York', cron, '2026-11-01', policy);
  const first = '01:30 -4 first of two 01:30';
  const second = '01:30 -5 second of two 01:30';

  it('runs 01:30 once, the first time', () => expect(day('30 1 * * *')).toEqual([first]));
  it('runs 01:30 the second time by the policy second', () =>
    expect(day('30 1 * * *', { repeated: 'second' })).toEqual([second]));
  it('runs 01:30 twice by the policy both', () =>
    expect(day('30 1 * * *', { repeated: 'both' })).toEqual([first, second]));

  it('takes each wall time of the hour once', () => {
    expect(day('*/30 1 * * *')).toEqual(['01:00 -4 first of two 01:00', first]);
    expect(day('*/30 1 * * *', { repeated: 'second' })).toEqual(['01:00 -5 second of two 01:00', second]);
  });

  it('runs 02:30, which comes once, once', () => expect(day('30 2 * * *')).toEqual(['02:30 -5']));

  it('follows the elapsed time for an expression of every hour, whatever the policy', () => {
    const hours = ['00:00 -4', '01:00 -4 first of two 01:00', '01:00 -5 second of two 01:00', '02:00 -5'];
    for (const repeated of ['first', 'second', 'both'] as const) {
      expect(day('0 * * * *', { repeated }).slice(0, 4)).toEqual(hours);
    }
    expect(day('0,30 */1 * * *').slice(2, 6)).toEqual([
      '01:00 -4 first of two 01:00',
      first,
      '01:00 -5 second of two 01:00',
      second,
    ]);
  });

  it('counts hours that are written out as wall times', () => {
    expect(day('0 0-23 * * *').slice(0, 3)).toEqual(['00:00 -4', '01:00 -4 first of two 01:00', '02:00 -5']);
    expect(day('0 0/2 * * *').slice(0, 2)).toEqual(['00:00 -4', '02:00 -5']);
  });
});

describe('zones whose changes are unlike', () => {
  it('moves a run for midnight to 01:00 where midnight is left out (Beirut)', () => {
    expect(dayIn('Asia/Beirut', '0 0 * * *', '2026-03-29')).toEqual(['01:00 +3 shifted: 00:00 does not exist']);
    expect(dayIn('Asia/Beirut', '0 0 * * *', '2026-03-29', { dst: 'skip' })).toEqual([]);
  });

  it('repeats the hour before midnight (Beirut)', () => {
    expect(dayIn('Asia/Beirut', '30 23 * * *', '2026-10-24', { repeated: 'both' })).toEqual([
      '23:30 +3 first of two 23:30',
      '23:30 +2 second of two 23:30',
    ]);
  });

  it('knows a gap of half an hour (Lord Howe)', () => {
    expect(dayIn('Australia/Lord_Howe', '15,45 2 * * *', '2026-10-04')).toEqual([
      '02:30 +11 shifted: 02:15 does not exist',
      '02:45 +11',
    ]);
  });

  it('knows a gap of two hours (Troll)', () => {
    expect(dayIn('Antarctica/Troll', '0 0,1,2 * * *', '2026-03-29')).toEqual([
      '00:00 +0',
      '03:00 +2 shifted: 01:00 to 02:00 (2 times) do not exist',
    ]);
  });

  it('knows a zone whose winter is the exception (Dublin)', () => {
    expect(dayIn('Europe/Dublin', '30 1 * * *', '2026-03-29')).toEqual(['02:00 +1 shifted: 01:30 does not exist']);
    expect(dayIn('Europe/Dublin', '30 1 * * *', '2026-10-25')).toEqual(['01:30 +1 first of two 01:30']);
  });

  it('goes back for Ramadan and forth after it (Casablanca)', () => {
    expect(dayIn('Africa/Casablanca', '30 2 * * *', '2026-02-15')).toEqual(['02:30 +1 first of two 02:30']);
    expect(dayIn('Africa/Casablanca', '30 2 * * *', '2026-03-22')).toEqual(['03:00 +1 shifted: 02:30 does not exist']);
  });

  it('runs once for a day that was left out (Samoa 2011)', () => {
    const noon = table('0 12 * * *', 'Pacific/Apia');
    const moved = noon.next(at('2011-12-30T00:00:00Z')) ?? 0;
    expect(new Date(moved).toISOString()).toBe('2011-12-30T10:00:00.000Z');
    expect(noon.note(moved)).toBe('shifted: 2011-12-30 12:00 does not exist');
    expect(dayIn('Pacific/Apia', '0 12 * * *', '2011-12-30', { dst: 'skip' })).toEqual([]);
  });
});

describe('a cron timetable', () => {
  it('counts the seconds of a year at once', () => {
    const everySecond = table('* * * * * *', 'America/New_York');
    expect(everySecond.count(at('2026-01-01T00:00:00Z'), at('2027-01-01T00:00:00Z'))).toBe(365 * 86_400);
  });

  it('counts what is later than its beginning and not later than its end', () => {
    const hourly = table('0 * * * *', 'UTC');
    expect(hourly.count(at('2026-01-01T00:00:00Z'), at('2026-01-01T02:00:00Z'))).toBe(2);
    expect(hourly.count(at('2026-01-01T00:00:00Z') - 1, at('2026-01-01T02:00:00Z') - 1)).toBe(2);
    expect(hourly.count(at('2026-01-01T02:00:00Z'), at('2026-01-01T00:00:00Z'))).toBe(0);
  });

  it('has no next instant where its only wall time is in the gap of each year, and it skips', () => {
    const onlyInGap = table('30 2 * 3 SUN#2', 'America/New_York', { dst: 'skip' });
    expect(onlyInGap.next(at('2026-01-01T00:00:00Z'))).toBeNull();
    expect(onlyInGap.previous(at('2026-01-01T00:00:00Z'))).toBe(at('2006-03-12T07:30:00Z'));
  });

  it('ends with the year 9999 instead of failing', () => {
    expect(table('0 0 * * *', 'UTC').next(8.64e15)).toBeNull();
    expect(table('0 0 * * *', 'UTC').next(Number.POSITIVE_INFINITY)).toBeNull();
    expect(table('0 0 * * *', 'UTC').previous(-8.64e15)).toBeNull();
  });
});
