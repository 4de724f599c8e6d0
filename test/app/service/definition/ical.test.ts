import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { china } from '../../../../app/domain/calendar/kinds/china';
import { ValidationError } from '../../../../app/domain/errors';
import { readIcal } from '../../../../app/service/definition/ical';

const now = new Date('2026-06-15T00:00:00Z');
const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'];
const file = (...events: string[][]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events.flat(), 'END:VCALENDAR'].join('\r\n');
const read = (...events: string[][]) => readIcal(file(...events), now).map(day => `${day.date} ${day.name}`.trim());

/** What is said of a text that is not taken. */
function faultsOf(text: string): string[] {
  try {
    readIcal(text, now);
  } catch (error) {
    if (error instanceof ValidationError) return error.errors.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error('it was taken');
}

describe('an all-day event', () => {
  it('is its days, the end not included, with its summary as the name', () => {
    expect(read(event('UID:1', 'DTSTART;VALUE=DATE:20261001', 'DTEND;VALUE=DATE:20261004', 'SUMMARY:国庆节'))).toEqual([
      '2026-10-01 国庆节',
      '2026-10-02 国庆节',
      '2026-10-03 国庆节',
    ]);
    expect(read(event('DTSTART;VALUE=DATE:20261001', 'DURATION:P2D'))).toEqual(['2026-10-01', '2026-10-02']);
    expect(read(event('DTSTART;VALUE=DATE:20281231'))).toEqual(['2028-12-31']);
    expect(read(event('DTSTART;VALUE=DATE:20280228', 'DTEND;VALUE=DATE:20280228'))).toEqual(['2028-02-28']);
  });

  it('that was cancelled has none', () => {
    expect(
      read(event('DTSTART;VALUE=DATE:20261001', 'STATUS:CANCELLED'), event('DTSTART;VALUE=DATE:20261002')),
    ).toEqual(['2026-10-02']);
  });

  it('has a name of at most 100 characters', () => {
    expect(
      readIcal(file(event('DTSTART;VALUE=DATE:20261001', `SUMMARY:${'节'.repeat(300)}`)), now)[0]?.name,
    ).toHaveLength(100);
  });
});

describe('a recurring event', () => {
  it('is expanded for ten years from the beginning of this one, however long ago it began', () => {
    const days = read(event('DTSTART;VALUE=DATE:19491225', 'RRULE:FREQ=YEARLY', 'SUMMARY:Christmas'));
    expect(days).toHaveLength(10);
    expect([days[0], days[9]]).toEqual(['2026-12-25 Christmas', '2035-12-25 Christmas']);
  });

  it('ends where it says, leaves out its exceptions and takes the dates that it adds', () => {
    expect(
      read(
        event(
          'DTSTART;VALUE=DATE:20260601',
          'RRULE:FREQ=WEEKLY;UNTIL=20260622',
          'EXDATE;VALUE=DATE:20260608',
          'RDATE;VALUE=DATE:20260701',
        ),
      ),
    ).toEqual(['2026-06-01', '2026-06-15', '2026-06-22', '2026-07-01']);
    expect(read(event('DTSTART;VALUE=DATE:20260601', 'RRULE:FREQ=DAILY;COUNT=3'))).toHaveLength(3);
  });

  it('of every fourth Thursday is on those', () => {
    const days = read(event('DTSTART;VALUE=DATE:20241128', 'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH'));
    expect(days.slice(0, 2)).toEqual(['2026-11-26', '2027-11-25']);
  });

  it('has single days moved or cancelled by events of the same UID, and by no others', () => {
    expect(
      read(
        event('UID:a', 'DTSTART;VALUE=DATE:20260601', 'RRULE:FREQ=DAILY;COUNT=3', 'SUMMARY:a'),
        event('UID:a', 'RECURRENCE-ID;VALUE=DATE:20260602', 'DTSTART;VALUE=DATE:20260710', 'SUMMARY:moved'),
        event('UID:a', 'RECURRENCE-ID;VALUE=DATE:20260603', 'DTSTART;VALUE=DATE:20260603', 'STATUS:CANCELLED'),
        event('UID:b', 'RECURRENCE-ID;VALUE=DATE:20260601', 'DTSTART;VALUE=DATE:20260720', 'SUMMARY:alone'),
      ),
    ).toEqual(['2026-06-01 a', '2026-07-10 moved', '2026-07-20 alone']);
  });
});

describe("the package's own file of China's holidays", () => {
  it('is read as the package lists them, worked days marked', () => {
    const text = readFileSync(require.resolve('chinese-days/dist/years/2026.ics'), 'utf8');
    const days = readIcal(text, now);
    const of = (worked: boolean) => [...new Set(days.filter(day => day.worked === worked).map(day => day.date))].sort();
    const listed = (list: typeof china.holidays) =>
      list.map(({ date }) => date).filter(date => date.startsWith('2026'));
    expect(of(true)).toEqual(listed(china.workdays));
    expect(of(false)).toEqual(listed(china.holidays));
  });
});

describe('a text that cannot be taken', () => {
  it('is refused with the reason', () => {
    expect(faultsOf('hello')[0]).toMatch(/^ical: cannot be read: invalid line/);
    expect(faultsOf('BEGIN:VCALENDAR\r\nBEGIN:VEVENT')[0]).toContain('cannot be read');
    expect(faultsOf('')).toEqual(['ical: has no events (VEVENT)']);
    expect(faultsOf(file())).toEqual(['ical: has no events (VEVENT)']);
  });

  it('is refused with every event that is at fault', () => {
    expect(
      faultsOf(
        file(
          event('SUMMARY:Standup', 'DTSTART:20260601T090000Z', 'DTEND:20260601T091500Z'),
          event('UID:no-start'),
          event('SUMMARY:Never', 'DTSTART;VALUE=DATE:20260230'),
          event('SUMMARY:Back', 'DTSTART;VALUE=DATE:20260602', 'DTEND;VALUE=DATE:20260601'),
          event('SUMMARY:Long', 'DTSTART;VALUE=DATE:20260602', 'DTEND;VALUE=DATE:20290601'),
          event('SUMMARY:Old', 'DTSTART;VALUE=DATE:18000101'),
          event('SUMMARY:Hourly', 'DTSTART;VALUE=DATE:20260602', 'RRULE:FREQ=HOURLY'),
        ),
      ),
    ).toEqual([
      'ical: the event "Standup" is not an all-day event: give its dates as VALUE=DATE',
      'ical: the event "no-start" has no DTSTART',
      'ical: the event "Never" has a date that does not exist: "2026-02-30"',
      'ical: the event "Back" ends before it begins',
      'ical: the event "Long" has 1095 days: at most 366',
      'ical: the event "Old" has a date from before 1970 or after 2199: "1800-01-01"',
      'ical: the event "Hourly" recurs HOURLY, which days cannot',
    ]);
  });

  it('is refused with more than 5,000 days', () => {
    const daily = event('DTSTART;VALUE=DATE:20260601', 'RRULE:FREQ=DAILY');
    expect(faultsOf(file(daily, daily))[0]).toContain('at most 5000');
    expect(readIcal(file(daily), now)).toHaveLength(3501);
  });

  it('whose rule matches no day is given up after two seconds', () => {
    const never = event('DTSTART;VALUE=DATE:20260601', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30');
    const startedAt = performance.now();
    expect(faultsOf(file(never))[0]).toContain('may match no day at all');
    expect(performance.now() - startedAt).toBeLessThan(6000);
  });
});
