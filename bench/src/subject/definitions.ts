import type { BenchJob } from './types';

/** With and without offset changes, east and west, whole and half hours. */
const zones = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Shanghai',
  'Asia/Kolkata',
  'Australia/Sydney',
  'America/Sao_Paulo',
  'Africa/Cairo',
];

interface LocalTime {
  second: number;
  minute: number;
  hour: number;
  day: number;
}

const hourMs = 3_600_000;
/** No job of farJobs is due within this span. */
const farHours = 5;
const farSpread = 14;

/** Answers the job with this index; what it makes is kept by nobody. */
export type Definition = (index: number) => BenchJob;

/**
 * Distinct expressions that are all due at `at` and then not for a minute: three minutes of each hour, of two hours a
 * day, or of two days a month.
 */
export function burstJobs(at: number, withZones: boolean): Definition {
  const times = localTimes(at, withZones);
  return index => {
    const { zone, time } = pick(times, index);
    const { second, minute, hour, day } = time;
    const [one, two] = pairOf(index % pairs, minute);
    const minutes = list([minute, one, two]);
    const variant = Math.floor(index / pairs);
    const hours = variant === 0 ? '*' : variant < 24 ? list([hour, (hour + variant) % 24]) : String(hour);
    const days = variant < 24 ? '*' : list([day, ((day + variant - 24) % 28) + 1]);
    return { index, zone, cron: `${second} ${minutes} ${hours} ${days} * *` };
  };
}

/** Jobs due every `periodSeconds`, spread evenly over them. */
export function periodicJobs(periodSeconds: number, withZones: boolean): Definition {
  return index => ({
    index,
    zone: withZones ? zoneAt(Math.floor(index / periodSeconds)) : 'UTC',
    cron: `${index % periodSeconds}-59/${periodSeconds} * * * * *`,
  });
}

/** Distinct daily expressions, none due within some hours of `now`. */
export function farJobs(now: number, withZones: boolean): Definition {
  const times = localTimes(now + farHours * hourMs, withZones);
  const distinct = farSpread * 3600;
  return index => {
    const { zone, time } = pick(times, index + Math.floor(index / distinct));
    const [second, minute] = [index % 60, Math.floor(index / 60) % 60];
    const hour = (time.hour + 1 + (Math.floor(index / 3600) % farSpread)) % 24;
    return { index, zone, cron: `${second} ${minute} ${hour} * * *` };
  };
}

/** Pairs of the 59 other minutes. */
const pairs = (59 * 58) / 2;

function pairOf(number: number, minute: number): [number, number] {
  let one = 1;
  let left = number;
  for (let row = 58; left >= row; row -= 1) {
    left -= row;
    one += 1;
  }
  return [(minute + one) % 60, (minute + one + 1 + left) % 60];
}

function list(values: readonly number[]): string {
  return [...new Set(values)].sort((a, b) => a - b).join(',');
}

function zoneAt(index: number): string {
  return zones[index % zones.length] ?? 'UTC';
}

function localTimes(at: number, withZones: boolean): { zone: string; time: LocalTime }[] {
  return (withZones ? zones : ['UTC']).map(zone => ({ zone, time: localTime(at, zone) }));
}

function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('Nothing to choose from.');
  return item;
}

function localTime(at: number, timeZone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN;
  return { second: part('second'), minute: part('minute'), hour: part('hour'), day: part('day') };
}
