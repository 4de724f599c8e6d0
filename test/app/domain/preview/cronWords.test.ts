import { describe, expect, it } from 'vitest';
import { cronWords } from '../../../../app/domain/preview/cronWords';

describe('an expression in words', () => {
  it.each([
    ['*/10 * * * *', 'Every 10 minutes', '每隔 10 分钟'],
    ['30 2 * * *', 'At 02:30', '在 02:30'],
    ['09 08 01 01 *', 'At 08:09, on day 1 of the month, only in January', '在 08:09, 限每月 1 号, 仅于一月份'],
    ['0 9 ? * mon-fri', 'At 09:00, Monday through Friday', '在 09:00, 星期一至星期五'],
    ['* * * * * *', 'Every second', '每秒'],
    ['30 30 12 * * 7', 'At 12:30:30, only on Sunday', '在 12:30:30, 仅星期日'],
    ['0 0 * * 0-7', 'At 00:00, Sunday through Saturday', '在 00:00, 星期日至星期六'],
  ])('%s', (cron, en, zh) => {
    expect(cronWords(cron)).toEqual({ en, zh });
  });

  it.each([
    ['@hourly', 'Every hour'],
    ['@Daily', 'At 00:00'],
    ['@yearly', 'At 00:00, on day 1 of the month, only in January'],
    ['@minutely', 'Every minute'],
    ['@secondly', 'Every second'],
    ['0 0 L * *', 'At 00:00, on the last day of the month'],
    ['0 0 l-3 * *', 'At 00:00, 3 days before the last day of the month'],
    ['0 0 LW * *', 'At 00:00, on the last weekday of the month'],
    ['0 0 15w * *', 'At 00:00, on the weekday nearest day 15 of the month'],
    ['0 0 * * 5L', 'At 00:00, on the last Friday of the month'],
    ['0 0 * * MON#2', 'At 00:00, on the second Monday of the month'],
    [
      '0 0 3,15W,L * *',
      'At 00:00, on day 3 of the month or on the weekday nearest day 15 of the month or on the last day of the month',
    ],
  ])('%s, which not every reader knows', (cron, en) => {
    expect(cronWords(cron).en).toBe(en);
  });

  it('says that a day which fits either field is meant, in both languages', () => {
    expect(cronWords('0 0 13 * 5')).toEqual({
      en: 'At 00:00, on day 13 of the month or on Friday',
      zh: '在 00:00, 限每月 13 号或星期五',
    });
    expect(cronWords('0 0 13 * 1-5').en).toBe('At 00:00, on day 13 of the month or on Monday through Friday');
    expect(cronWords('0 0 1 1 MON#1').zh).toBe('在 00:00, 限每月 1 号或每月的第一个 星期一, 仅于一月份');
    expect(cronWords('0 0 */15 * 1').en).toBe('At 00:00, on day 1, 16, and 31 of the month, only on Monday');
  });

  it('does not call even what begins anew each hour, day or month', () => {
    expect(cronWords('*/7 * * * *').en).toBe('At 0, 7, 14, 21, 28, 35, 42, 49, and 56 minutes past the hour');
    expect(cronWords('0 */7 * * *').en).toBe('At 00:00, 07:00, 14:00 and 21:00');
    expect(cronWords('0 0 1/10 * *').en).toBe('At 00:00, on day 1, 11, 21, and 31 of the month');
    expect(cronWords('0 0 * */5 *').en).toBe('At 00:00, only in January, June, and November');
  });

  it('says from when to when minutes repeat', () => {
    expect(cronWords('*/10 9-17 * * *').en).toBe('Every 10 minutes, between 09:00 and 17:59');
    expect(cronWords('*/10 9,17 * * *').en).toBe('Every 10 minutes, from 09:00 to 09:59 and 17:00 to 17:59');
    expect(cronWords('*/15 */6 * * *').en).toBe('Every 15 minutes, in the hours 00, 06, 12 and 18');
    expect(cronWords('*/15 */6 * * *').zh).toBe('每隔 15 分钟, 限 00、06、12 和 18 时');
  });
});
