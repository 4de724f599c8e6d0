import { number, text, time } from './fields';
import type { Doc } from './model/types';

/**
 * When a schedule of a scenario is due in (from, until), in ms: reckoned here, not by the product. The expressions of
 * scenarios have seconds only.
 */
export function dueBetween(schedule: Doc, from: number, until: number): number[] {
  const cron = text(schedule, 'cron');
  const stepMs = cron === '' ? number(schedule, 'everyMs') : 1000;
  const anchor = cron === '' ? time(schedule, 'anchorAt') : 0;
  const seconds = cron === '' ? null : secondsOf(cron);
  const due: number[] = [];
  const first = anchor + Math.ceil((from - anchor) / stepMs) * stepMs;
  for (let at = first; at < until; at += stepMs) {
    if (seconds === null || seconds.has(Math.floor(at / 1000) % 60)) due.push(at);
  }
  return due;
}

/** The first field: `*`, a star with a step, or a range with a step. */
function secondsOf(cron: string): Set<number> {
  const [field = '*'] = cron.split(' ');
  const [range = '*', step = '1'] = field.split('/');
  const [low = '0', high = '59'] = range === '*' ? [] : range.split('-');
  const found = new Set<number>();
  for (let second = Number(low); second <= Number(high); second += Number(step)) found.add(second);
  return found;
}
