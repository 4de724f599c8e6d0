import { z } from 'zod';
import { carried, defineModel } from './types';

const labels = z.record(z.string(), z.string());
const error = z.object({ code: z.string(), message: z.string() }).nullable();
const alertState = z.enum(['ok', 'pending', 'firing', 'noData', 'error']);

/**
 * Stored in the outbox and in the delivery; the same shape as domain/message/types AlertMessage. It goes from one to the
 * other, and back into a full outbox, as it was read: what a newer version says in it arrives.
 */
export const messageSchema = carried({
  alertId: z.string(),
  seq: z.number().int(),
  kind: z.enum(['firing', 'resolved', 'noData', 'error', 'repeat']),
  job: z.string(),
  title: z.string(),
  labels,
  series: labels,
  value: z.number().nullable(),
  condition: z.string(),
  from: alertState,
  since: z.date(),
  scheduledAt: z.date(),
  error,
  note: z.string().nullable(),
});

export const alertModel = defineModel({
  collection: 'alerts',
  schema: z.object({
    /** The alertId. */
    _id: z.string(),
    job: z.string(),
    jobCreatedRevision: z.number().int(),
    series: labels,
    labels,
    state: alertState,
    value: z.number().nullable(),
    error,
    since: z.date(),
    conditionSince: z.date().nullable(),
    condition: z.enum(['firing', 'noData', 'error']).nullable(),
    firingTold: z.boolean(),
    troubleTold: z.boolean(),
    lastToldAt: z.date().nullable(),
    resolvedAt: z.date().nullable(),
    lastEvaluatedAt: z.date(),
    absentCount: z.number().int(),
    closed: z.boolean(),
    ruleHash: z.string(),
    queryHash: z.string(),
    seq: z.number().int(),
    token: z.object({ scheduledAt: z.date(), fence: z.number().int() }),
    outbox: z.array(
      carried({
        seq: z.number().int(),
        kind: messageSchema.shape.kind,
        channels: z.array(z.string()),
        message: messageSchema,
      }),
    ),
    /** True exactly while the outbox is not empty: what the relay's index is over. */
    hasOutbox: z.boolean(),
    /** Set when closed: TTL. */
    expireAt: z.date().optional(),
  }),
  indexes: [
    { key: { job: 1, jobCreatedRevision: 1, closed: 1 }, name: 'job' },
    { key: { state: 1, _id: 1 }, name: 'state' },
    { key: { hasOutbox: 1 }, name: 'outbox', partialFilterExpression: { hasOutbox: true } },
    { key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 },
  ],
});

export type AlertDoc = z.infer<typeof alertModel.schema>;

export const transitionModel = defineModel({
  collection: 'transitions',
  schema: z.object({
    /** `alertId/seq`. */
    _id: z.string(),
    alertId: z.string(),
    seq: z.number().int(),
    from: alertState,
    to: alertState,
    at: z.date(),
    value: z.number().nullable(),
    note: z.string().nullable(),
    error,
    runId: z.string(),
    expireAt: z.date(),
  }),
  indexes: [
    { key: { alertId: 1, seq: -1 }, name: 'alert' },
    { key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 },
  ],
});
