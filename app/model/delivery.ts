import { z } from 'zod';
import { messageSchema } from './alert';
import { defineModel } from './types';

export const deliveryStates = ['pending', 'sending', 'sent', 'muted', 'folded', 'uncertain', 'failed'] as const;

export const deliveryModel = defineModel({
  collection: 'deliveries',
  schema: z.object({
    /** `alertId:seq:channel`: one delivery per message and channel, whoever relays it. */
    _id: z.string(),
    alertId: z.string(),
    job: z.string(),
    seq: z.number().int(),
    kind: messageSchema.shape.kind,
    channel: z.string(),
    /** Labels that mutes match. */
    labels: z.record(z.string(), z.string()),
    message: messageSchema,
    state: z.enum(deliveryStates),
    attempts: z.number().int(),
    /** Raised by every claim; every later write must match it. */
    fence: z.number().int(),
    member: z.string().nullable(),
    claimedAt: z.date().nullable(),
    /** `alertId/channel` from its claim until it is sent, muted, folded, failed or pending again (`uncertain` awaiting its retry keeps it). */
    slot: z.string().optional(),
    nextAttemptAt: z.date(),
    /** Remote messages of this delivery that were handed over, in order. */
    partsSent: z.number().int(),
    /** An earlier hand-over had an unknown outcome: the next says "possible duplicate". */
    possibleDuplicate: z.boolean(),
    mutedBy: z.array(z.string()),
    /** The newest muted delivery of its alert and channel: looked at when its mutes end. */
    held: z.boolean(),
    supersededBy: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    createdAt: z.date(),
    sentAt: z.date().nullable(),
    expireAt: z.date(),
  }),
  indexes: [
    { key: { slot: 1 }, name: 'slot', unique: true, partialFilterExpression: { slot: { $exists: true } } },
    { key: { alertId: 1, channel: 1, seq: -1 }, name: 'neighbours' },
    {
      key: { state: 1, nextAttemptAt: 1 },
      name: 'due',
      partialFilterExpression: { state: { $in: ['pending', 'uncertain'] } },
    },
    { key: { state: 1, member: 1 }, name: 'sending', partialFilterExpression: { state: 'sending' } },
    { key: { held: 1 }, name: 'held', partialFilterExpression: { held: true } },
    { key: { createdAt: -1, _id: -1 }, name: 'time' },
    { key: { job: 1, createdAt: -1, _id: -1 }, name: 'job' },
    { key: { channel: 1, createdAt: -1, _id: -1 }, name: 'channel' },
    { key: { state: 1, createdAt: -1, _id: -1 }, name: 'state' },
    { key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 },
  ],
});

export type DeliveryState = (typeof deliveryStates)[number];
export type DeliveryDoc = z.infer<typeof deliveryModel.schema>;

/** One robot's places of the running window, shared by all members. */
export const budgetModel = defineModel({
  collection: 'budgets',
  schema: z.object({
    /** Hash of the robot's key. */
    _id: z.string(),
    places: z.array(z.object({ id: z.string(), at: z.date() })),
    heldUntil: z.date().nullable(),
    /** MongoDB's time of the last write: what its answer is judged by. */
    now: z.date(),
  }),
  indexes: [],
});
