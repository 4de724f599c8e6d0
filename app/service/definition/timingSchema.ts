import { z } from 'zod';
import type { FieldError } from '../../domain/errors';
import type { Schedule } from '../../domain/job/types';
import type { JsonObject } from '../../domain/mergePatch';
import { secondOpinion, validateSchedule } from '../../domain/schedule';
import { slugSchema } from '../../domain/slug';
import { spanBetween } from '../../domain/span';
import { shown } from '../validation';
import { isoDate, zoneSchema } from './fields';

const dayMs = 86_400_000;
/** Jitter spreads jobs of one instant; beyond an hour another schedule is meant. */
const longestJitterMs = 3_600_000;

/** The fields of a job that say when it is due; `defaultZone` is that of schedules that name none. */
export function timingFields(defaultZone: string) {
  return {
    schedule: scheduleSchema(defaultZone),
    jitterMs: spanBetween(0, longestJitterMs).default(0),
    startAt: isoDate.nullable().default(null),
    endAt: isoDate.nullable().default(null),
    calendar: z
      .strictObject({
        name: slugSchema,
        on: z.enum(['workdays', 'holidays', 'all']).default('workdays'),
        outside: z.enum(['skip', 'next', 'previous']).default('skip'),
      })
      .nullable()
      .default(null),
  };
}

/** Read from the raw body, so that it is said together with the faults of other fields. */
export function orderFaults(body: JsonObject): FieldError[] {
  const start = isoDate.safeParse(body['startAt']);
  const end = isoDate.safeParse(body['endAt']);
  if (!start.success || !end.success || start.data < end.data) return [];
  return [{ path: 'endAt', message: `${shown(body['endAt'])} must be later than startAt (${shown(body['startAt'])})` }];
}

/** A valid schedule that cron-parser reads otherwise means two things: it is not saved. `now` in ms. */
export function opinionFaults(schedule: Schedule, now: number): FieldError[] {
  return secondOpinion(schedule, now).map(({ path, message }) => ({ path: `schedule.${path}`, message }));
}

function scheduleSchema(defaultZone: string) {
  const cron = z.strictObject({
    cron: z
      .string()
      .max(256)
      .superRefine((text, context) => {
        const faults = validateSchedule({ cron: text, zone: 'UTC', dst: 'shift', repeated: 'first' });
        for (const { message } of faults) context.addIssue({ code: 'custom', message });
      }),
    zone: zoneSchema.default(defaultZone),
    dst: z.enum(['skip', 'shift']).default('shift'),
    repeated: z.enum(['first', 'second', 'both']).default('first'),
  });
  const every = z.strictObject({
    everyMs: spanBetween(1000, 366 * dayMs),
    anchorAt: isoDate.prefault('1970-01-01T00:00:00.000Z'),
  });
  return z.union([cron, every, z.strictObject({ at: isoDate })]);
}
