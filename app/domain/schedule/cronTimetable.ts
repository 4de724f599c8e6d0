import { CronExpressionParser } from 'cron-parser';
import type { CronSchedule } from '../job/types';
import type { Timetable } from './timetable';

const second = 1000;

/** Walks a cron expression in its zone; whole seconds only, so instants between two seconds are rounded outwards. */
export function cronTimetable({ cron, zone }: CronSchedule): Timetable {
  const expression = CronExpressionParser.parse(cron, { tz: zone });
  return {
    next(after) {
      expression.reset(new Date(Math.floor(after.getTime() / second) * second));
      return walk(() => expression.next().toDate());
    },
    previous(before) {
      expression.reset(new Date(Math.ceil(before.getTime() / second) * second));
      return walk(() => expression.prev().toDate());
    },
  };
}

/** cron-parser ends a search that finds nothing by throwing; for a timetable that is "never". */
function walk(step: () => Date): Date | null {
  try {
    return step();
  } catch {
    return null;
  }
}
