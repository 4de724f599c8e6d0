import { civilDate, dayMs, dayOf } from './civil';
import type { CronPattern } from './cronPattern';
import type { Zone } from './zone';

/** Of the wall times in a gap, from its first to the one that follows it, that an instant stands for. */
export function movedNote(pattern: CronPattern, from: number, until: number): string {
  const first = pattern.nextLocal(from);
  const last = pattern.previousLocal(until - 1000);
  const count = pattern.countLocal(from, until);
  const write = dayOf(from) === dayOf(until) ? wallTime : wallDateTime;
  return count === 1
    ? `shifted: ${write(first)} does not exist`
    : `shifted: ${write(first)} to ${write(last)} (${count} times) do not exist`;
}

/** Of an instant whose wall time comes twice; null for every other. */
export function repeatedNote(zone: Zone, at: number): string | null {
  const local = at + zone.offsetAt(at);
  const { first, second } = zone.instants(local);
  if (second === null) return null;
  return `${at === first ? 'first' : 'second'} of two ${wallTime(local)}`;
}

/** `02:30`, with the seconds where there are any. */
function wallTime(local: number): string {
  const time = Math.floor((local - dayOf(local) * dayMs) / 1000);
  const parts = [Math.floor(time / 3600), Math.floor(time / 60) % 60];
  if (time % 60 !== 0) parts.push(time % 60);
  return parts.map(two).join(':');
}

function wallDateTime(local: number): string {
  const { year, month, day } = civilDate(dayOf(local));
  return `${year}-${two(month)}-${two(day)} ${wallTime(local)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
