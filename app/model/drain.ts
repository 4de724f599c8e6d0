import { z } from 'zod';
import { defineModel } from './types';

/** One document for each host that somebody wants drained: it stands until its end is asked for, restarts of the host included. */
export const drainModel = defineModel({
  collection: 'drains',
  schema: z.object({
    /** The hostId. */
    _id: z.string(),
    askedAt: z.date(),
    askedBy: z.string(),
    /** Runs that have not ended by then are aborted and handed over. */
    runsUntil: z.date(),
  }),
  indexes: [],
});

export type DrainDoc = z.infer<typeof drainModel.schema>;
