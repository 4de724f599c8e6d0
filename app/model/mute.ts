import { z } from 'zod';
import { defineModel } from './types';

/** As it is given; of a stored one, fields that a newer version put there are left aside. */
export const matcherSchema = z.strictObject({
  label: z.string().min(1).max(128),
  op: z.enum(['=', '!=', '=~', '!~']),
  value: z.string().max(512),
});

export const muteModel = defineModel({
  collection: 'mutes',
  schema: z.object({
    _id: z.string(),
    matchers: z.array(z.object(matcherSchema.shape)),
    /** null: it has begun. */
    startsAt: z.date().nullable(),
    /** null: for ever (asked for literally). */
    endsAt: z.date().nullable(),
    /** Ended by a person; an ended mute never holds anything again. */
    ended: z.boolean(),
    /** The job's name where `/close` made it: one mute per name. */
    closeName: z.string().optional(),
    note: z.string(),
    createdBy: z.string(),
    createdAt: z.date(),
    /** Who set its end last, or ended it, and when. */
    changedBy: z.string(),
    changedAt: z.date(),
    expireAt: z.date().nullable(),
  }),
  indexes: [
    {
      key: { closeName: 1 },
      name: 'closeName',
      unique: true,
      partialFilterExpression: { ended: false, closeName: { $exists: true } },
    },
    { key: { ended: 1, endsAt: 1 }, name: 'active' },
    { key: { createdAt: -1, _id: -1 }, name: 'time' },
    { key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 },
  ],
});

export type MuteDoc = z.infer<typeof muteModel.schema>;
