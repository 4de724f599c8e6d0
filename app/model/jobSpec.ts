import { z } from 'zod';
import type { JobSpec } from '../domain/job/types';

const schedule = z.union([
  z.object({
    cron: z.string(),
    zone: z.string(),
    dst: z.enum(['skip', 'shift']),
    repeated: z.enum(['first', 'second', 'both']),
  }),
  z.object({ everyMs: z.number().int(), anchorAt: z.date() }),
  z.object({ at: z.date() }),
]);

/** Where a job runs, as it stands in MongoDB. */
export const placementSchema = z.object({
  on: z.enum(['one', 'every-host']),
  /** Jobs that were stored before there were labels have none. */
  hostLabels: z.record(z.string(), z.string()).default({}),
});

/** A job's spec as it stands in MongoDB: the API's schema has checked it, dates are dates. */
export const jobSpecSchema: z.ZodType<JobSpec> = z.object({
  kind: z.string(),
  title: z.string(),
  enabled: z.boolean(),
  labels: z.record(z.string(), z.string()),
  schedule,
  misfire: z.enum(['skip', 'last', 'all']),
  misfireLimit: z.number().int(),
  graceMs: z.number().int(),
  onLost: z.enum(['retry', 'close']),
  overlap: z.enum(['skip', 'queue', 'allow', 'replace']),
  timeoutMs: z.number().int(),
  jitterMs: z.number().int(),
  retry: z.object({ limit: z.number().int(), backoffMs: z.number().int(), factor: z.number() }),
  startAt: z.date().nullable(),
  endAt: z.date().nullable(),
  calendar: z
    .object({
      name: z.string(),
      on: z.enum(['workdays', 'holidays', 'all']),
      outside: z.enum(['skip', 'next', 'previous']),
    })
    .nullable(),
  placement: placementSchema,
  settings: z.unknown(),
  notify: z.object({ channels: z.array(z.string()), repeatMs: z.number().int().nullable(), onResolved: z.boolean() }),
});
