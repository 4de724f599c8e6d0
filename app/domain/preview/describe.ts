import type { JobCalendar } from '../calendar/types';
import type { Schedule } from '../job/types';
import type { Bounds } from '../schedule/timetable';
import { cronWords } from './cronWords';
import { spanWords, type Words } from './language';

/** Everything about a job that says when it is due. */
export interface Timing {
  schedule: Schedule;
  calendar: JobCalendar | null;
  bounds: Bounds;
  jitterMs: number;
}

/** When a job is due, in one sentence. */
export function describe({ schedule, calendar, bounds, jitterMs }: Timing): Words {
  const parts = [scheduleWords(schedule), calendarWords(calendar), ...boundsWords(bounds), jitterWords(jitterMs)];
  const told = parts.filter(part => part !== null);
  return { en: told.map(({ en }) => en).join(', '), zh: told.map(({ zh }) => zh).join(', ') };
}

function scheduleWords(schedule: Schedule): Words {
  if ('cron' in schedule) {
    const { en, zh } = cronWords(schedule.cron);
    return { en: `${en}, ${schedule.zone}`, zh: `${zh}, ${schedule.zone}` };
  }
  if ('at' in schedule) return { en: `Once, at ${utc(schedule.at)}`, zh: `仅一次, 在 ${utc(schedule.at)}` };
  const span = spanWords(schedule.everyMs);
  const anchor = utc(schedule.anchorAt);
  return { en: `Every ${span.en}, counted from ${anchor}`, zh: `每隔 ${span.zh}, 自 ${anchor} 起算` };
}

function calendarWords(calendar: JobCalendar | null): Words | null {
  if (calendar === null || calendar.on === 'all') return null;
  const { name, on, outside } = calendar;
  const en = on === 'workdays' ? 'workday' : 'day off';
  const zh = on === 'workdays' ? '工作日' : '休息日';
  if (outside === 'skip') {
    const days = on === 'workdays' ? 'workdays' : 'days off';
    return { en: `only on ${days} of the calendar "${name}"`, zh: `仅限日历 "${name}" 的${zh}` };
  }
  const [side, at] = outside === 'next' ? ['next', '下一个'] : ['previous', '上一个'];
  return {
    en: `moved to the ${side} ${en} of the calendar "${name}" where the day is none`,
    zh: `若当天不是日历 "${name}" 的${zh}则移至${at}${zh}`,
  };
}

function boundsWords({ startAt, endAt }: Bounds): (Words | null)[] {
  return [
    startAt === null ? null : { en: `from ${utc(startAt)} on`, zh: `自 ${utc(startAt)} 起` },
    endAt === null ? null : { en: `before ${utc(endAt)}`, zh: `至 ${utc(endAt)} 之前` },
  ];
}

function jitterWords(jitterMs: number): Words | null {
  if (jitterMs === 0) return null;
  const span = spanWords(jitterMs);
  return { en: `each up to ${span.en} later (jitterMs)`, zh: `每次最多延后 ${span.zh} (jitterMs)` };
}

/** `2026-11-21T01:10:00Z` */
function utc(at: Date): string {
  return at.toISOString().replace('.000Z', 'Z');
}
