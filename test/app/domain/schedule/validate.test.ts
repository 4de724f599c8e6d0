import { describe, expect, it } from 'vitest';
import { validateSchedule } from '../../../../app/domain/schedule';

const faults = (cron: string, zone = 'UTC') =>
  validateSchedule({ cron, zone, dst: 'shift', repeated: 'first' }).map(({ path, message }) => `${path}: ${message}`);

describe('validateSchedule', () => {
  it.each([
    '* * * * *',
    '*/5 * * * * *',
    '@hourly',
    '0 0 L * *',
    '0 0 * * MON#2',
    '0 9 * JAN-MAR MON,fri',
    '0 0 29 2 *',
  ])('takes %s', cron => expect(faults(cron)).toEqual([]));

  it.each([
    ['* * * *', 'has 4 fields'],
    ['* * * * * * *', 'has 7 fields'],
    ['', 'has 0 fields'],
    ['* * * 13 *', '13'],
    ['*/0 * * * *', 'not valid'],
    ['30-10 * * * *', 'not valid'],
    ['0 0 LW * *', '"LW" cannot be read by this version'],
    ['0 0 15W * *', '"15W" cannot be read by this version'],
    ['0 0 L-3 * *', '"L-3" cannot be read by this version'],
    ['@never', 'use one of @yearly'],
    ['0 0 31 2 *', '0 0 31 2 *'],
  ])('refuses %s with a sentence that names the value', (cron, sentence) => {
    const [fault = ''] = faults(cron);
    expect(fault).toMatch(/^cron: /);
    expect(fault).toContain(sentence);
  });

  it('refuses an unknown zone and names a right one', () => {
    expect(faults('* * * * *', 'Mars/Base')).toEqual([
      'zone: "Mars/Base" is not a time zone; give an IANA name such as "Asia/Shanghai" or "UTC".',
    ]);
  });
});
