import { CronExpressionParser } from 'cron-parser';
import type { CronSchedule } from '../job/types';
import type { Timetable } from './timetable';

const second = 1000;

/** Walks a cron expression in its zone; whole seconds only, so instants between two seconds are rounded outwards. */
export function cronTimetable({ cron, zone }: CronSchedule): Pick<Timetable, 'next' | 'previous'> {
  const expression = CronExpressionParser.parse(cron, { tz: zone });
  return {
    next(after) {
      expression.reset(new Date(Math.floor(after / second) * second));
      return walk(() => expression.next().getTime());
    },
    previous(before) {
      expression.reset(new Date(Math.ceil(before / second) * second));
      return walk(() => expression.prev().getTime());
    },
  };
}

/** cron-parser ends a search that finds nothing by throwing; for a timetable that is "never". */
function walk(step: () => number): number | null {
  try {
    return step();
  } catch {
    return null;
  }
}
