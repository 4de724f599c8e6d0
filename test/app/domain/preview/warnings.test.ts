import { describe, expect, it } from 'vitest';
import { calendarOf, previewOf } from './support';

const from = '2026-11-21T10:00:00Z';
const warningsOf = (...given: Parameters<typeof previewOf>) => previewOf(...given).warnings;

describe('a preview warns', () => {
  it('of nothing where there is nothing to say', () => {
    expect(warningsOf('0 9 * * *', from)).toEqual([]);
    expect(warningsOf('* * * * *', from, { zone: 'America/New_York' })).toEqual([]);
    expect(warningsOf('0 0 1 * *', from)).toEqual([]);
    expect(warningsOf('0 0 L * *', from)).toEqual([]);
    expect(warningsOf({ at: new Date('2027-01-01T00:00:00Z') }, from)).toEqual([]);
  });

  it('of what runs more often than once a minute', () => {
    expect(warningsOf('* * * * * *', from)).toEqual(['runs 86,400 times a day']);
    expect(warningsOf({ everyMs: 30_000, anchorAt: new Date(0) }, from)).toEqual(['runs 2,880 times a day']);
    // Asked on a Saturday, and on a Monday an hour before its end.
    expect(warningsOf('* * * * * 1', from)).toEqual(['runs 86,400 times a day']);
    expect(warningsOf('* * * * * 1', '2026-11-23T23:00:00Z')).toEqual(['runs 86,400 times a day']);
  });

  it('of months without a fire', () => {
    expect(warningsOf('0 0 31 * *', from)).toEqual([
      'skips 5 of the next 12 months: 2027-02, 2027-04, 2027-06, 2027-09, 2027-11',
    ]);
    expect(warningsOf('0 0 30 * *', from)).toEqual(['skips 1 of the next 12 months: 2027-02']);
    expect(warningsOf('0 9 * * MON#5', from)[0]).toMatch(/^skips 8 of the next 12 months: 2026-12, /);
    expect(warningsOf('0 0 31 1-6 *', from)).toEqual([
      'skips 3 of the next 6 months that it could fire in: 2027-02, 2027-04, 2027-06',
    ]);
    expect(warningsOf('0 0 1 1,7 *', from)).toEqual([]);
  });

  it('of months in which a calendar keeps every fire back', () => {
    // 1 May 2027 and 1 August 2027 are at a weekend.
    expect(warningsOf('0 9 1 * *', from, calendarOf({}))).toEqual(['skips 2 of the next 12 months: 2027-05, 2027-08']);
    expect(warningsOf('0 9 1 * *', from, calendarOf({ outside: 'next' }))).toEqual([]);
  });

  it('of a 29 February', () => {
    expect(warningsOf('0 0 29 2 *', from)).toEqual([
      'fires only in leap years, on 29 February: 2028-02-29, 2032-02-29, 2036-02-29',
    ]);
    expect(warningsOf('0 0 29 2 *', '2028-01-01T00:00:00Z')[0]).toContain('2028-02-29, 2032-02-29');
    expect(warningsOf('0 0 29 * *', from)).toEqual(['skips 1 of the next 12 months: 2027-02']);
  });

  it('of a gap, for each policy', () => {
    const newYork = { zone: 'America/New_York' };
    expect(warningsOf('30 2 * * *', from, newYork)).toEqual([
      'falls in the DST gap on 2027-03-14: 02:30 does not exist; it runs at 03:00 instead (dst: "shift")',
    ]);
    expect(warningsOf('30 2 * * *', from, { ...newYork, dst: 'skip' })).toEqual([
      'falls in the DST gap on 2027-03-14: 02:30 does not exist; it does not run (dst: "skip")',
    ]);
    expect(warningsOf('*/15 2 * * *', from, newYork)[0]).toContain('02:00 to 02:45 (4 times) do not exist');
    expect(warningsOf('30 2 * * 1-5', from, newYork)).toEqual([]);
    expect(warningsOf('30 * * * *', from, newYork)).toEqual([]);
    // Asked after this year's change.
    expect(warningsOf('30 2 * * *', '2027-03-14T08:00:00Z', newYork)[0]).toContain('2028-03-12');
  });

  it('of a gap at midnight, on the day that lacks it', () => {
    expect(warningsOf('0 0 * * *', from, { zone: 'Asia/Beirut' })).toEqual([
      'falls in the DST gap on 2027-03-28: 00:00 does not exist; it runs at 01:00 instead (dst: "shift")',
    ]);
  });

  it('of a repeated hour, for each policy', () => {
    const on = (over: object) =>
      warningsOf('30 1 * * *', '2026-10-01T00:00:00Z', { zone: 'America/New_York', ...over });
    const begin = 'falls in the repeated hour on 2026-11-01: 01:30 comes twice; it runs';
    expect(on({})).toEqual([`${begin} the first time only (repeated: "first")`]);
    expect(on({ repeated: 'second' })).toEqual([`${begin} the second time only (repeated: "second")`]);
    expect(on({ repeated: 'both' })).toEqual([`${begin} both times (repeated: "both")`]);
    const quarters = warningsOf('*/15 1 * * *', '2026-10-01T00:00:00Z', { zone: 'America/New_York' });
    expect(quarters[0]).toContain('01:00 to 01:45 (4 times) comes twice');
    const lordHowe = warningsOf('45 1 * * *', from, { zone: 'Australia/Lord_Howe' });
    expect(lordHowe[0]).toContain('falls in the repeated hour on 2027-04-04: 01:45');
  });

  it('does not speak of a change on a day that the calendar keeps back', () => {
    const given = { zone: 'America/New_York', ...calendarOf({}, { zone: 'America/New_York' }) };
    expect(warningsOf('30 2 * * *', from, given)).toEqual([]);
    expect(warningsOf('30 2 * * *', from, { ...given, dst: 'skip' })).toEqual([]);
    expect(warningsOf('30 1 * * *', from, given)).toEqual([]);
  });

  it('of fields of days that mean either, and of those that mean both', () => {
    expect(warningsOf('0 0 13 * 5', from)).toEqual([
      'both day-of-month and day-of-week are restricted: fires when either matches',
    ]);
    expect(warningsOf('0 0 */2 * 5', from)).toEqual([
      'day-of-month */2 and day-of-week 5: one begins with "*", so it fires only when both match',
    ]);
  });

  it('of an end, and of a schedule that is over', () => {
    const bounds = (endAt: string) => ({ bounds: { startAt: null, endAt: new Date(endAt) } });
    expect(warningsOf('0 9 * * *', from, bounds('2026-12-01T00:00:00Z'))).toEqual([
      'never fires again after 2026-11-30T09:00:00Z: it ends at 2026-12-01T00:00:00Z',
    ]);
    expect(warningsOf('0 9 * * *', from, bounds('2026-11-01T00:00:00Z'))).toEqual([
      'never fires again after 2026-10-31T09:00:00Z: it ends at 2026-11-01T00:00:00Z',
    ]);
    expect(warningsOf({ at: new Date('2026-01-01T00:00:00Z') }, from)).toEqual([
      'never fires again: 2026-01-01T00:00:00Z is over',
    ]);
  });

  it('of a calendar that keeps everything back, and of one that ends', () => {
    const sundays = calendarOf({ on: 'workdays' });
    expect(warningsOf('0 9 * * 0', from, sundays)).toEqual([
      'never runs: the calendar "team" keeps back every fire of a year',
    ]);
    expect(warningsOf('0 9 * * *', from, { ...calendarOf({}), calendarUntil: '2026-12-31' })).toEqual([
      'the calendar "team" has no data after 2026-12-31: from then on only its weekend is known',
    ]);
    expect(warningsOf('0 9 * * *', from, { ...calendarOf({}), calendarUntil: '2030-12-31' })).toEqual([]);
  });
});
