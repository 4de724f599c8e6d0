import { z } from 'zod';
import { troubleKinds } from '../domain/selfWatch/types';
import { defineModel } from './types';

/** A trouble of Watchbell itself that a person is told of: one document, so that one host tells. */
export const selfAlertModel = defineModel({
  collection: 'selfAlerts',
  schema: z.object({
    /** `kind:subject`. */
    _id: z.string(),
    kind: z.enum(troubleKinds),
    subject: z.string(),
    title: z.string(),
    sentence: z.string(),
    since: z.date(),
    /** `closed` only for databaseAway: that its end was told, for hosts that come back later. */
    state: z.enum(['open', 'ended', 'closed']),
    /** Nobody tells before: the claim of whoever tells now, the repetition, or the wait after a failed attempt. */
    nextAt: z.date(),
    /** Messages that were told. */
    told: z.number().int(),
    toldAt: z.date().nullable(),
    /** Failed attempts at the message that is due. */
    tries: z.number().int(),
    closedAt: z.date().nullable(),
    /** A document that nobody claims any more goes: TTL. */
    expireAt: z.date(),
  }),
  indexes: [{ key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 }],
});

export type SelfAlertDoc = z.output<typeof selfAlertModel.schema>;
