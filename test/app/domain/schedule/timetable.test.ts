import { describe, expect, it } from 'vitest';
import { includes, instants, timetable } from '../../../../app/domain/schedule';

const at = (text: string) => Date.parse(text);
const date = (text: string) => new Date(text);
const cron = (text: string, zone = 'UTC') => ({ cron: text, zone, dst: 'shift' as const, repeated: 'first' as const });

describe('timetable', () => {
  it('answers the first instant strictly later than the given one', () => {
    const table = timetable(cron('*/10 * * * *'));
    expect(table.next(at('2026-11-21T01:10:00Z'))).toBe(at('2026-11-21T01:20:00Z'));
    expect(table.next(at('2026-11-21T01:09:59.999Z'))).toBe(at('2026-11-21T01:10:00Z'));
  });

  it('answers the last instant strictly earlier than the given one', () => {
    const table = timetable(cron('*/10 * * * *'));
    expect(table.previous(at('2026-11-21T01:10:00Z'))).toBe(at('2026-11-21T01:00:00Z'));
    expect(table.previous(at('2026-11-21T01:10:00.001Z'))).toBe(at('2026-11-21T01:10:00Z'));
  });

  it("plans in the schedule's own zone", () => {
    expect(timetable(cron('0 9 * * *', 'Asia/Shanghai')).next(at('2026-11-21T00:00:00Z'))).toBe(
      at('2026-11-21T01:00:00Z'),
    );
  });

  it('knows seconds where six fields are given', () => {
    expect(timetable(cron('*/5 * * * * *')).next(at('2026-11-21T00:00:01Z'))).toBe(at('2026-11-21T00:00:05Z'));
  });

  it('aligns everyMs to its anchor, so that every host computes the same instants', () => {
    const table = timetable({ everyMs: 7000, anchorAt: date('2026-01-01T00:00:00Z') });
    expect(table.next(at('2026-01-01T00:00:07Z'))).toBe(at('2026-01-01T00:00:14Z'));
    expect(table.next(at('2025-12-31T23:59:59Z'))).toBe(at('2026-01-01T00:00:00Z'));
    expect(table.previous(at('2026-01-01T00:00:07Z'))).toBe(at('2026-01-01T00:00:00Z'));
  });

  it('counts the instants of every form', () => {
    const everyMs = timetable({ everyMs: 7000, anchorAt: date('2026-01-01T00:00:00Z') });
    expect(everyMs.count(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:21Z'))).toBe(3);
    expect(everyMs.count(at('2025-12-31T23:59:59Z'), at('2026-01-01T00:00:20Z'))).toBe(3);
    expect(everyMs.count(at('2026-01-01T00:00:21Z'), at('2026-01-01T00:00:00Z'))).toBe(0);
    const once = timetable({ at: date('2026-01-01T00:00:00Z') });
    expect(once.count(at('2025-12-31T00:00:00Z'), at('2026-01-01T00:00:00Z'))).toBe(1);
    expect(once.count(at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z'))).toBe(0);
  });

  it('counts within startAt and endAt alone', () => {
    const bounds = { startAt: date('2026-01-01T05:00:00Z'), endAt: date('2026-01-01T07:00:00Z') };
    const table = timetable(cron('0 * * * *'), bounds);
    expect(table.count(at('2025-01-01T00:00:00Z'), at('2027-01-01T00:00:00Z'))).toBe(2);
    expect(table.count(at('2026-01-01T05:00:00Z'), at('2027-01-01T00:00:00Z'))).toBe(1);
    expect(table.count(at('2026-01-01T07:00:00Z'), at('2027-01-01T00:00:00Z'))).toBe(0);
  });

  it('is due once for a schedule at a time', () => {
    const table = timetable({ at: date('2026-01-01T00:00:00Z') });
    expect(table.next(at('2025-12-31T00:00:00Z'))).toBe(at('2026-01-01T00:00:00Z'));
    expect(table.next(at('2026-01-01T00:00:00Z'))).toBeNull();
  });

  it('starts at startAt and ends before endAt', () => {
    const table = timetable(cron('0 * * * *'), {
      startAt: date('2026-01-01T05:00:00Z'),
      endAt: date('2026-01-01T07:00:00Z'),
    });
    expect(table.next(at('2025-06-01T00:00:00Z'))).toBe(at('2026-01-01T05:00:00Z'));
    expect(table.next(at('2026-01-01T06:00:00Z'))).toBeNull();
    expect(table.previous(at('2027-01-01T00:00:00Z'))).toBe(at('2026-01-01T06:00:00Z'));
    expect(table.previous(at('2026-01-01T05:00:00Z'))).toBeNull();
  });

  it('walks through a span, both ends included', () => {
    const table = timetable(cron('0 * * * *'));
    const walked = [...instants(table, at('2026-01-01T05:00:00Z'), at('2026-01-01T07:00:00Z'))];
    expect(walked).toEqual([5, 6, 7].map(hour => at(`2026-01-01T0${hour}:00:00Z`)));
    expect([...instants(timetable({ at: date('2026-01-01T00:00:00Z') }), 0, Number.POSITIVE_INFINITY)]).toHaveLength(1);
  });

  it('tells whether an instant is one of its own', () => {
    const table = timetable(cron('0 * * * *'));
    expect(includes(table, at('2026-01-01T05:00:00Z'))).toBe(true);
    expect(includes(table, at('2026-01-01T05:00:01Z'))).toBe(false);
  });
});
