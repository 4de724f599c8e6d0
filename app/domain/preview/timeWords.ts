import { cronFields } from '../schedule/cronFields';
import { type CronParts, valuesOf } from './cronParts';
import { type Language, listWords } from './language';

/** What cronstrue says of six fields. */
type Say = (fields: readonly string[], language: Language) => string;

/** So many times of a day are listed. */
const mostListed = 12;

/** The times of a day in words; `say` is asked where it is known to be right. */
export function timeWords(parts: CronParts, language: Language, say: Say): string {
  const times = listedTimes(parts);
  if (times !== null) return `${language === 'en' ? 'At' : '在'} ${listWords(times, language)}`;
  const second = sixtieth('second', parts.second);
  const minute = sixtieth('minute', parts.minute);
  const hours = valuesOf(cronFields.hour, parts.hour);
  if (hours.length === 24) return say([second, minute, '*', '*', '*', '*'], language);
  if (isPlainRange(parts.hour) && isEven(minute) && second === '0') {
    return say([second, minute, parts.hour, '*', '*', '*'], language);
  }
  return `${say([second, minute, '*', '*', '*', '*'], language)}, ${hoursWords(hours, language)}`;
}

/** `09:00`, `09:30` …; null where they are too many, or come evenly. */
function listedTimes(parts: CronParts): string[] | null {
  if (parts.minute.startsWith('*') || parts.second.startsWith('*')) return null;
  const hours = valuesOf(cronFields.hour, parts.hour);
  const minutes = valuesOf(cronFields.minute, parts.minute);
  const seconds = valuesOf(cronFields.second, parts.second);
  if (hours.length * minutes.length * seconds.length > mostListed) return null;
  const withSeconds = seconds.some(second => second !== 0);
  return hours.flatMap(hour =>
    minutes.flatMap(minute =>
      seconds.map(second => [hour, minute, ...(withSeconds ? [second] : [])].map(two).join(':')),
    ),
  );
}

/** Steps that begin anew within an hour or a minute are lists: every seventh is 0, 7 … 56. */
function sixtieth(name: 'second' | 'minute', text: string): string {
  const step = /^(?:\*|\d+)\/(\d+)$/.exec(text)?.[1];
  const evenly = step !== undefined && 60 % Number(step) === 0;
  if (text.includes('/') && !evenly) return valuesOf(cronFields[name], text).join(',');
  return text.replace(/\b0+(\d)/g, '$1');
}

/** cronstrue says "between 09:00 and 17:59": right for one range and an even minute. */
function isPlainRange(hour: string): boolean {
  return /^\d+(-\d+)?$/.test(hour);
}

function isEven(minute: string): boolean {
  return /^(\*(\/\d+)?|\d+)$/.test(minute);
}

function hoursWords(hours: readonly number[], language: Language): string {
  const runs = runsOf(hours);
  if (runs.length > 2 && runs.length === hours.length) return singleHours(hours.map(two), language);
  const spans = runs.map(({ from, to }) =>
    language === 'en' ? `${two(from)}:00 to ${two(to)}:59` : `${two(from)}:00 至 ${two(to)}:59`,
  );
  return language === 'en' ? `from ${listWords(spans, language)}` : `限 ${listWords(spans, language)}`;
}

function singleHours(hours: readonly string[], language: Language): string {
  return language === 'en' ? `in the hours ${listWords(hours, language)}` : `限 ${listWords(hours, language)} 时`;
}

function runsOf(hours: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const hour of hours) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === hour - 1) last.to = hour;
    else runs.push({ from: hour, to: hour });
  }
  return runs;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
