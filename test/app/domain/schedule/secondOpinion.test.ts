import { describe, expect, it } from 'vitest';
import { secondOpinion } from '../../../../app/domain/schedule';

const after = Date.parse('2026-01-01T00:00:00Z');
const opinion = (cron: string, zone = 'America/New_York') =>
  secondOpinion({ cron, zone, dst: 'skip', repeated: 'second' }, after).map(({ message }) => message);

describe('secondOpinion', () => {
  it.each([
    '*/10 * * * *',
    '30 2 * * *',
    '0 0 29 2 *',
    '0 0 13 * FRI',
    '0 0 L * 5L',
    '0 0 * * MON#2',
    '0 9 * JAN-MAR 5-7',
    '@weekly',
  ])('agrees on %s', cron => expect(opinion(cron)).toEqual([]));

  it('leaves the days of offset changes to the policy of the job', () => {
    const before = Date.parse('2026-03-07T12:00:00Z');
    expect(
      secondOpinion({ cron: '*/30 2 * * *', zone: 'America/New_York', dst: 'skip', repeated: 'both' }, before),
    ).toEqual([]);
  });

  it.each(['0 0 LW * *', '0 0 15W * *', '0 0 L-3 * *', '0 0 * * MON#1,FRI#2', '@midnight'])(
    'has no opinion on %s, which cron-parser cannot read',
    cron => expect(opinion(cron)).toEqual([]),
  );

  it('has no opinion on a step of days beside a weekday, which is read otherwise by design', () => {
    expect(opinion('0 0 */10 * FRI')).toEqual([]);
  });

  it('names both answers where they differ', () => {
    const schedule = { cron: '0 9 * * *', zone: 'UTC', dst: 'shift', repeated: 'first' } as const;
    const peer = (_schedule: unknown, { after: from }: { after: number }) =>
      Array.from({ length: 10 }, (_, day) => from + (24 * day + 10) * 3_600_000);
    expect(secondOpinion(schedule, after, peer)).toEqual([
      {
        path: 'cron',
        message:
          '"0 9 * * *" means two things: 2026-01-01T09:00:00.000Z here, 2026-01-01T10:00:00.000Z for cron-parser; ' +
          'write it in a way that both read alike',
      },
    ]);
  });

  it('sees an instant that only one of the two has', () => {
    const schedule = { cron: '0 9 * * *', zone: 'UTC', dst: 'shift', repeated: 'first' } as const;
    const everySecondDay = (_schedule: unknown, { after: from }: { after: number }) =>
      Array.from({ length: 10 }, (_, day) => from + (48 * day + 9) * 3_600_000);
    expect(secondOpinion(schedule, after, everySecondDay)).toHaveLength(1);
  });

  it('has nothing to say of spans and instants', () => {
    expect(secondOpinion({ everyMs: 1000, anchorAt: new Date(0) }, after)).toEqual([]);
    expect(secondOpinion({ at: new Date(0) }, after)).toEqual([]);
  });
});
