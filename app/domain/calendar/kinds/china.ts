import days from 'chinese-days/dist/chinese-days.json';
import type { NamedDate } from '../types';
import type { CalendarKind } from './types';

/** Public holidays of mainland China and the days worked for them (调休), as the State Council announces them each autumn. */
export const china: CalendarKind = {
  kind: 'china',
  zone: 'Asia/Shanghai',
  holidays: named(days.holidays),
  workdays: named(days.workdays),
  renewal: 'install a version of Watchbell that knows it, or add its dates',
};

/** The package's values are such as `National Day,国庆节,3`. */
function named(entries: Readonly<Record<string, string>>): NamedDate[] {
  return Object.entries(entries)
    .map(([date, text]) => ({ date, name: text.split(',')[1] ?? '' }))
    .sort((a, b) => (a.date < b.date ? -1 : 1));
}
