import type { DayRule } from '../calendar/types';
import type { Schedule } from '../job/types';
import { type Timetable, timetable } from '../schedule/timetable';
import { type Zone, zoneOf } from '../schedule/zone';
import type { Timing } from './describe';

/** What a preview is about. */
export interface Question extends Timing {
  /** The calendar compiled; null where every day fits. */
  rule: DayRule | null;
  /** 2026-12-31, the last day of which the calendar knows anything; null where it has no dates. */
  calendarUntil: string | null;
  /** In ms; a fire at this instant is shown. */
  from: number;
}

/** A question with what is compiled for it. */
export interface Compiled extends Question {
  table: Timetable;
  zone: Zone;
}

export function compile(question: Question): Compiled {
  const { schedule, bounds, rule } = question;
  return { ...question, table: timetable(schedule, bounds, rule), zone: zoneOf(zoneNameOf(schedule)) };
}

/** Schedules without a zone are told in UTC. */
export function zoneNameOf(schedule: Schedule): string {
  return 'cron' in schedule ? schedule.zone : 'UTC';
}

/** The first instant of the local day after that of `at`. */
export function nextDay(zone: Zone, at: number): number {
  const dayMs = 86_400_000;
  const local = at + zone.offsetAt(at);
  const next = zone.instants((Math.floor(local / dayMs) + 1) * dayMs).first;
  return Math.max(next, at + 1);
}

/** The first instant at or after `from` that really runs, before `until`; looks at no more than one fire a day. */
export function firstRun({ table, zone }: Compiled, from: number, until: number, mostDays: number): number | null {
  let at = table.next(from - 1);
  for (let days = 0; at !== null && at < until && days < mostDays; days += 1) {
    if (!table.keptBack(at)) return at;
    at = table.next(nextDay(zone, at) - 1);
  }
  return null;
}
