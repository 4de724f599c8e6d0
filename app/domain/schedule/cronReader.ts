import { cronFields, type FieldReading, foldSunday, readField } from './cronFields';
import { CronPattern } from './cronPattern';
import type { SpecialDays } from './specialDays';

/** What a short name stands for; `@minutely` and `@secondly` are beyond what cron has. */
export const macros: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['@minutely', '* * * * *'],
  ['@secondly', '* * * * * *'],
]);

export type CronReading = { ok: true; pattern: CronPattern } | { ok: false; faults: string[] };

/** Reads an expression of 5 fields, 6 with seconds, or a short name such as `@daily`; every fault at once. */
export function readCron(text: string): CronReading {
  const trimmed = text.trim();
  if (trimmed.startsWith('@')) return readMacro(trimmed);
  const fields = trimmed === '' ? [] : trimmed.split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  const [second, minute, hour, day, month, weekday] = fields;
  const isComplete =
    second !== undefined &&
    minute !== undefined &&
    hour !== undefined &&
    day !== undefined &&
    month !== undefined &&
    weekday !== undefined;
  if (!isComplete || fields.length > 6) return { ok: false, faults: [countFault(text, fields.length)] };
  return readFields({ second, minute, hour, day, month, weekday });
}

function readMacro(text: string): CronReading {
  const meaning = macros.get(text.toLowerCase());
  if (meaning !== undefined) return readCron(meaning);
  const names = [...macros.keys()].join(', ');
  return { ok: false, faults: [`"${text}" is not known: give one of ${names}, or 5 or 6 fields`] };
}

function countFault(text: string, count: number): string {
  return `"${text}" has ${count} field${count === 1 ? '' : 's'}: give 5 (minute hour day-of-month month weekday) or 6 (with seconds first)`;
}

type FieldTexts = Record<keyof typeof cronFields, string>;

function readFields(texts: FieldTexts): CronReading {
  const special: SpecialDays = { beforeLast: 0, lastWorkday: false, nearest: 0, lastOf: 0, nth: [0, 0, 0, 0, 0] };
  const seconds = readField(cronFields.second, texts.second);
  const minutes = readField(cronFields.minute, texts.minute);
  const hours = readField(cronFields.hour, texts.hour);
  const days = readField(cronFields.day, texts.day, (part, reading) => readSpecialDay(part, reading, special));
  const months = readField(cronFields.month, texts.month);
  const weekdays = readField(cronFields.weekday, texts.weekday, (part, to) => readSpecialWeekday(part, to, special));
  const faults = [seconds, minutes, hours, days, months, weekdays].flatMap(reading => reading.faults);
  if (faults.length > 0) return { ok: false, faults };
  const pattern = new CronPattern({
    secondsLow: seconds.low,
    secondsHigh: seconds.high,
    minutesLow: minutes.low,
    minutesHigh: minutes.high,
    hours: hours.low,
    days: (days.low >>> 1) | (days.high << 29),
    months: months.low >> 1,
    weekdays: foldSunday(weekdays.low),
    special: isUsed(special) ? special : null,
    either: isRestricted(texts.day) && isRestricted(texts.weekday),
    everyHour: /^\*(\/\d+)?$/.test(texts.hour),
  });
  return { ok: true, pattern };
}

/** As Vixie's cron has it: a field that begins with `*` does not restrict, even where a step follows. */
function isRestricted(text: string): boolean {
  return !text.startsWith('*') && !text.startsWith('?');
}

function isUsed({ beforeLast, lastWorkday, nearest, lastOf, nth }: SpecialDays): boolean {
  return lastWorkday || (beforeLast | nearest | lastOf) !== 0 || nth.some(set => set !== 0);
}

/** `?`, `L`, `L-3`, `LW` and `15W`. */
function readSpecialDay(part: string, reading: FieldReading, special: SpecialDays): boolean {
  if (isAny(part, reading)) return true;
  const text = part.toUpperCase();
  if (text === 'LW') {
    special.lastWorkday = true;
    return true;
  }
  if (text.startsWith('L')) return readBeforeLast(text, reading, special);
  const [, day] = /^(.+)W$/.exec(text) ?? [];
  if (day === undefined) return false;
  const value = reading.value(day);
  if (value !== null) special.nearest |= 1 << (value - 1);
  return true;
}

function readBeforeLast(text: string, reading: FieldReading, special: SpecialDays): boolean {
  const [, days] = /^L(?:-(\d+))?$/.exec(text) ?? ['', ''];
  if (days === '') return false;
  const count = Number(days ?? 0);
  if (count <= 30) special.beforeLast |= 1 << count;
  else reading.fault(text, 'is out of range: give "L" or "L-1" to "L-30"');
  return true;
}

/** `?`, `5L`, `FRIL` and `MON#2`. */
function readSpecialWeekday(part: string, reading: FieldReading, special: SpecialDays): boolean {
  if (isAny(part, reading)) return true;
  const [, day, nth] = /^(.+?)(?:[lL]|#(.*))$/.exec(part) ?? [];
  if (day === undefined) return false;
  const value = reading.value(day);
  const weekday = value === null ? 0 : 1 << (value % 7);
  if (nth === undefined) {
    special.lastOf |= weekday;
    return true;
  }
  if (/^[1-5]$/.test(nth))
    special.nth = special.nth.map((set, index) => (index + 1 === Number(nth) ? set | weekday : set));
  else reading.fault(part, 'is out of range: give "#1" to "#5"');
  return true;
}

/** `?` stands for all values, and alone. */
function isAny(part: string, reading: FieldReading): boolean {
  if (part !== '?' || reading.text !== '?') return false;
  reading.add(reading.field.min, reading.field.max, 1);
  return true;
}
