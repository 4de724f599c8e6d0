import { describe, expect, it } from 'vitest';
import { isZone, validateSchedule } from '../../../../app/domain/schedule';

const faults = (cron: string, zone = 'UTC') =>
  validateSchedule({ cron, zone, dst: 'shift', repeated: 'first' }).map(({ path, message }) => `${path}: ${message}`);

describe('validateSchedule', () => {
  it.each([
    '* * * * *',
    '*/5 * * * * *',
    '  0  9  *  *  * ',
    '@hourly',
    '@Midnight',
    '@secondly',
    '0 0 L * *',
    '0 0 L-3 * *',
    '0 0 LW * *',
    '0 0 15w * *',
    '0 0 1,15W,L * *',
    '0 0 ? * MON#2',
    '0 0 1 * ?',
    '0 0 * * friL,1#1',
    '0 9 * JAN-MAR MON,fri',
    '0 0 * * FRI-SUN',
    '0 */24 * * *',
    '0 0 29 2 *',
    '0 0 29W 2 *',
    '0 0 * 2 MON#5',
  ])('takes %s', cron => expect(faults(cron)).toEqual([]));

  const weekdays = '0 to 7 (Sunday is both), SUN to SAT, "?", "5L" or "MON#2"';
  const days = '1 to 31, "?", "L", "L-3", "LW" or "15W"';

  it.each([
    ['75 * * * *', 'minute "75" is out of range: give 0 to 59'],
    ['60 * * * * *', 'second "60" is out of range: give 0 to 59'],
    ['0 24 * * *', 'hour "24" is out of range: give 0 to 23'],
    ['0 0 0 * *', `day of month "0" is out of range: give ${days}`],
    ['0 0 32W * *', `day of month "32" is out of range: give ${days}`],
    ['0 0 L-31 * *', 'day of month "L-31" is out of range: give "L" or "L-1" to "L-30"'],
    ['* * * 13 *', 'month "13" is out of range: give 1 to 12 or JAN to DEC'],
    ['* * * * 8', `weekday "8" is out of range: give ${weekdays}`],
    ['* * * * MON#6', 'weekday "MON#6" is out of range: give "#1" to "#5"'],
    ['0-90 * * * *', 'minute "90" is out of range: give 0 to 59'],
    ['30-10 * * * *', 'minute "30-10" is a reversed range: give the lower end first, or a list'],
    ['* * * * SAT-MON', 'weekday "SAT-MON" is a reversed range: give the lower end first, or a list'],
    ['*/0 * * * *', 'minute "*/0" has the step "0": give 1 to 60'],
    ['*/90 * * * *', 'minute "*/90" has the step "90": give 1 to 60'],
    ['5/x * * * *', 'minute "5/x" has the step "x": give 1 to 60'],
    ['1/2/3 * * * *', 'minute "1/2/3" has the step "2/3": give 1 to 60'],
    ['* * * JANUARY *', 'month "JANUARY" is not known: give 1 to 12 or JAN to DEC'],
    ['* * * * MONDAY', `weekday "MONDAY" is not known: give ${weekdays}`],
    ['* * * * L', `weekday "L" is not known: give ${weekdays}`],
    ['* ? * * *', 'hour "?" is not known: give 0 to 23'],
    ['0 0 ?,1 * *', `day of month "?" is not known: give ${days}`],
    ['0 0 1-15W * *', `day of month "1-15" is not known: give ${days}`],
    ['-5 * * * *', 'minute "-5" has a gap in it: give 0 to 59 on both sides of ",", "-" and "/"'],
    ['1,,2 * * * *', 'minute "1,,2" has a gap in it: give 0 to 59 on both sides of ",", "-" and "/"'],
    ['1.5 * * * *', 'minute "1.5" is not known: give 0 to 59'],
  ])('refuses %s with the field, the value and what is allowed', (cron, sentence) =>
    expect(faults(cron)).toEqual([`cron: ${sentence}`]),
  );

  const counts = 'give 5 (minute hour day-of-month month weekday) or 6 (with seconds first)';

  it.each([
    ['', `"" has 0 fields: ${counts}`],
    ['   ', `"   " has 0 fields: ${counts}`],
    ['*', `"*" has 1 field: ${counts}`],
    ['* * * *', `"* * * *" has 4 fields: ${counts}`],
    ['* * * * * * *', `"* * * * * * *" has 7 fields: ${counts}`],
    [
      '@reboot',
      '"@reboot" is not known: give one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @minutely, ' +
        '@secondly, or 5 or 6 fields',
    ],
  ])('refuses "%s", which is no expression', (cron, sentence) => expect(faults(cron)).toEqual([`cron: ${sentence}`]));

  it.each(['0 0 31 2 *', '0 0 30,31 FEB *', '0 0 31W 4,6 *', '0 0 31 4,6,9,11 ?', '0 0 L-29 2 *'])(
    'refuses %s, which no date has, and says so',
    cron => expect(faults(cron)).toEqual([`cron: "${cron}" can never fire: no month asked for has such a day`]),
  );

  it('names every fault of an expression and its zone at once', () => {
    expect(faults('75 25 0 FOO 9', 'Mars/Base').map(fault => fault.split(' is ')[0])).toEqual([
      'zone: "Mars/Base"',
      'cron: minute "75"',
      'cron: hour "25"',
      'cron: day of month "0"',
      'cron: month "FOO"',
      'cron: weekday "9"',
    ]);
  });

  it('refuses an unknown zone and names a right one', () => {
    expect(faults('* * * * *', 'Mars/Base')).toEqual([
      'zone: "Mars/Base" is not a time zone; give an IANA name such as "Asia/Shanghai" or "UTC".',
    ]);
  });

  it('has nothing to say of spans and instants', () => {
    expect(validateSchedule({ everyMs: 1000, anchorAt: new Date(0) })).toEqual([]);
    expect(validateSchedule({ at: new Date(0) })).toEqual([]);
  });
});

describe('isZone', () => {
  it.each(['UTC', 'Asia/Shanghai', 'America/Argentina/Buenos_Aires', 'Etc/GMT+8'])('knows %s', zone =>
    expect(isZone(zone)).toBe(true),
  );

  it.each(['', 'Mars/Base', '+08:00', 'Asia', 'CST', 'Asia/Shanghai '])('does not take "%s" for a zone', zone =>
    expect(isZone(zone)).toBe(false),
  );
});
