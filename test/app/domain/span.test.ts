import { describe, expect, it } from 'vitest';
import { formatSpan, parseSpan, spanBetween, spanSchema } from '../../../app/domain/span';

describe('a span', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    [1500, 1500],
    [0, 0],
  ])('takes %j as %d ms', (given, spanMs) => {
    expect(spanSchema.parse(given)).toBe(spanMs);
  });

  it.each(['-1h', '10', '10 m', '1.5h', '10w', '', 'm', '1h30m', 1.5, Number.NaN])('refuses %j', given => {
    expect(spanSchema.safeParse(given).success).toBe(false);
  });

  it('says what was given and what is allowed', () => {
    const message = spanSchema.safeParse('10w').error?.issues[0]?.message;
    expect(message).toContain('"10w" is not a span');
    expect(message).toContain('"10m"');
    expect(spanBetween(1000, 60_000).safeParse('2m').error?.issues[0]?.message).toBe(
      '"2m" is outside of what is allowed: 1s to 1m',
    );
  });

  it('is refused when it is longer than any timer here may be', () => {
    expect(spanSchema.safeParse('999999999999999d').success).toBe(false);
  });

  it('is written with the longest unit that fits', () => {
    expect([0, 999, 90_000, 600_000, 7_200_000, 86_400_000].map(formatSpan)).toEqual([
      '0ms',
      '999ms',
      '90s',
      '10m',
      '2h',
      '1d',
    ]);
    expect(parseSpan(formatSpan(5_400_000))).toBe(5_400_000);
  });
});
