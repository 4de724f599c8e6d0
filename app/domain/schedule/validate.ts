import type { FieldError } from '../errors';
import type { CronSchedule, Schedule } from '../job/types';
import { readCron } from './cronReader';
import { zoneOf } from './zone';

/** Every fault of a schedule, with paths relative to it (`cron`, `zone`); empty when it can be planned. */
export function validateSchedule(schedule: Schedule): FieldError[] {
  return 'cron' in schedule ? [...zoneErrors(schedule), ...cronErrors(schedule)] : [];
}

/** Whether Intl knows the zone by this name. */
export function isZone(zone: string): boolean {
  if (!/^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/.test(zone)) return false;
  try {
    zoneOf(zone);
    return true;
  } catch {
    return false;
  }
}

function zoneErrors({ zone }: CronSchedule): FieldError[] {
  if (isZone(zone)) return [];
  return [
    { path: 'zone', message: `"${zone}" is not a time zone; give an IANA name such as "Asia/Shanghai" or "UTC".` },
  ];
}

function cronErrors({ cron }: CronSchedule): FieldError[] {
  const reading = readCron(cron);
  if (!reading.ok) return reading.faults.map(message => ({ path: 'cron', message }));
  return reading.pattern.canFire()
    ? []
    : [{ path: 'cron', message: `"${cron}" can never fire: no month asked for has such a day` }];
}
