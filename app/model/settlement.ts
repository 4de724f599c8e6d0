import { z } from 'zod';
import { defineModel } from './types';

/**
 * Up to where the occurrences of a job are decided, `job~hostId` where every host runs it. Not part of the definition:
 * no revision. `@checkpoint` (no job's name) says it of all jobs at once, `@checkpoint~hostId` of what is that host's.
 */
export const settlementModel = defineModel({
  collection: 'settlements',
  schema: z.object({
    _id: z.string(),
    /** Every occurrence that was due by then has a record, its own or that of a span of skips. */
    until: z.date(),
    /** The newest record of a span: the next skips for the same reason make it grow. */
    span: z.object({ id: z.string(), reason: z.string(), to: z.date() }).optional(),
    /** Older than the longest misfire horizon it says nothing any more. */
    expireAt: z.date(),
  }),
  indexes: [{ key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 }],
});
