import { CronExpressionParser } from 'cron-parser';
import type { FieldError } from '../errors';
import type { CronSchedule, Schedule } from '../job/types';

const macros = [
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
  '@minutely',
  '@secondly',
];

/** Every fault of a schedule, with paths relative to it (`cron`, `zone`); empty when it can be planned. */
export function validateSchedule(schedule: Schedule): FieldError[] {
  if (!('cron' in schedule)) return [];
  const errors = [...zoneErrors(schedule), ...shapeErrors(schedule.cron)];
  return errors.length > 0 ? errors : meaningErrors(schedule);
}

/** Whether Intl knows the zone by this name. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return /^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/.test(zone);
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

/** What cron-parser would take without a word (`""`, 3 fields) or can't read. */
function shapeErrors(cron: string): FieldError[] {
  if (cron.startsWith('@')) {
    return macros.includes(cron)
      ? []
      : [fault(`"${cron}" is not known; use one of ${macros.join(', ')}, or 5 or 6 fields.`)];
  }
  const fields = cron.trim().split(/\s+/).filter(Boolean);
  if (fields.length !== 5 && fields.length !== 6) {
    return [
      fault(
        `"${cron}" has ${fields.length} field${fields.length === 1 ? '' : 's'}; give 5 (minute hour day month weekday) or 6 (with seconds first).`,
      ),
    ];
  }
  const special = fields.find(field => /^(LW|\d+W|L-\d+|W)$/i.test(field));
  return special === undefined
    ? []
    : [
        fault(
          `"${special}" cannot be read by this version; it knows numbers, names, lists, ranges, steps, "?", "L", "5L" and "MON#2".`,
        ),
      ];
}

function meaningErrors({ cron, zone }: CronSchedule): FieldError[] {
  try {
    const expression = CronExpressionParser.parse(cron, { tz: zone, currentDate: new Date(0) });
    return canFire(() => expression.next()) ? [] : [fault(`"${cron}" can never fire: no date has these fields.`)];
  } catch (error) {
    return [fault(`"${cron}" is not valid: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

function canFire(step: () => unknown): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

function fault(message: string): FieldError {
  return { path: 'cron', message };
}
