import { describe, expect, it } from 'vitest';
import { zoneOf } from '../../../../app/domain/schedule/zone';

const at = (text: string) => Date.parse(text);
const hour = 3_600_000;

describe('zoneOf', () => {
  it('has one table for the names of one zone', () => {
    expect(zoneOf('PRC')).toBe(zoneOf('Asia/Shanghai'));
    expect(zoneOf('asia/shanghai')).toBe(zoneOf('Asia/Shanghai'));
  });

  it('throws a RangeError for a zone that does not exist', () => {
    expect(() => zoneOf('Mars/Base')).toThrow(RangeError);
  });
});

describe('Zone', () => {
  const newYork = zoneOf('America/New_York');

  it('knows the offset at an instant, to the second of a change', () => {
    expect(newYork.offsetAt(at('2026-03-08T06:59:59Z'))).toBe(-5 * hour);
    expect(newYork.offsetAt(at('2026-03-08T07:00:00Z'))).toBe(-4 * hour);
  });

  it('knows the stretch of equal offset around an instant, and the offsets beside it', () => {
    expect(newYork.spanAt(at('2026-07-01T00:00:00Z'))).toMatchObject({ offset: -4 * hour, before: -5 * hour });
  });

  it('knows the time of the sun, with its seconds', () => {
    expect(newYork.offsetAt(at('1850-01-01T00:00:00Z'))).toBe(-(4 * 3600 + 56 * 60 + 2) * 1000);
  });

  it('finds the instant of a wall time', () => {
    expect(newYork.instants(at('2026-07-01T12:00:00Z'))).toEqual({
      first: at('2026-07-01T16:00:00Z'),
      second: null,
      inGap: false,
    });
  });

  it('finds both instants of a wall time that comes twice', () => {
    expect(newYork.instants(at('2026-11-01T01:30:00Z'))).toEqual({
      first: at('2026-11-01T05:30:00Z'),
      second: at('2026-11-01T06:30:00Z'),
      inGap: false,
    });
  });

  it('finds the first instant after the gap for a wall time that does not exist', () => {
    expect(newYork.instants(at('2026-03-08T02:30:00Z'))).toEqual({
      first: at('2026-03-08T07:00:00Z'),
      second: null,
      inGap: true,
    });
    expect(zoneOf('Pacific/Apia').instants(at('2011-12-30T12:00:00Z'))).toEqual({
      first: at('2011-12-30T10:00:00Z'),
      second: null,
      inGap: true,
    });
  });
});
