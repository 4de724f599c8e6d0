import { compileCalendar, dayRuleOf } from '../../../../app/domain/calendar/compile';
import type { CalendarSpec, JobCalendar } from '../../../../app/domain/calendar/types';
import type { Schedule } from '../../../../app/domain/job/types';
import { type Preview, preview, type Question } from '../../../../app/domain/preview';

interface Given extends Partial<Omit<Question, 'from' | 'schedule'>> {
  count?: number;
  zone?: string;
  dst?: 'skip' | 'shift';
  repeated?: 'first' | 'second' | 'both';
}

/** Previews a cron expression (in UTC unless told otherwise) or a schedule, from an ISO time on. */
export function previewOf(given: string | Schedule, from: string, over: Given = {}): Preview {
  const { count = 5, zone = 'UTC', dst = 'shift', repeated = 'first', ...rest } = over;
  const schedule = typeof given === 'string' ? { cron: given, zone, dst, repeated } : given;
  const nothing = { calendar: null, rule: null, calendarUntil: null, jitterMs: 0 };
  const bounds = { startAt: null, endAt: null };
  return preview({ schedule, ...nothing, bounds, ...rest, from: Date.parse(from) }, count);
}

/** A calendar named `team` whose weekend is Saturday and Sunday. */
export function calendarOf(
  job: Partial<JobCalendar>,
  spec: Partial<CalendarSpec> = {},
): Pick<Question, 'calendar' | 'rule'> {
  const calendar: JobCalendar = { name: 'team', on: 'workdays', outside: 'skip', ...job };
  const whole = { kind: 'dates', zone: 'UTC', weekend: [6, 7], holidays: [], workdays: [], ...spec };
  return { calendar, rule: dayRuleOf(calendar, new Map([['team', compileCalendar(whole)]])) };
}
