import { z } from 'zod';
import { defineModel } from './types';

/** Where a process runs, so that its own machine can tell at once that it is gone. null where the system does not say. */
const processIdentity = z.object({
  machineBootId: z.string().nullable(),
  pidNamespace: z.string().nullable(),
  /** Start time of the pid in clock ticks since boot (/proc/<pid>/stat, field 22). */
  startTicks: z.string().nullable(),
});

export const memberModel = defineModel({
  collection: 'members',
  schema: z.object({
    /** `hostId:pid:bootId`. */
    _id: z.string(),
    hostId: z.string(),
    role: z.enum(['agent', 'worker']),
    /** The host's labels, by its settings. */
    hostLabels: z.record(z.string(), z.string()).default({}),
    pid: z.number().int(),
    masterPid: z.number().int(),
    process: processIdentity,
    /** The newest form of stored documents that it knows, and the version of Watchbell that it is. */
    schema: z.number().int().default(1),
    version: z.string().default(''),
    state: z.enum(['live', 'dead']),
    suspended: z.boolean(),
    /** Raised by each renewal: whoever sees it unchanged for leaseMs on its own clock calls the member dead. */
    counter: z.number().int(),
    leaseMs: z.number().int(),
    startedAt: z.date(),
    lastSeenAt: z.date(),
    appliedRevision: z.number().int(),
    clockSkewMs: z.number(),
    /** Set by a process that has begun to end: it takes no work any more, what it holds goes on for a moment. */
    drainingAt: z.date().optional(),
    /** Set by a member that ended in good order; a dead one without it was lost. */
    leftAt: z.date().optional(),
    /** Set when dead: TTL. */
    expireAt: z.date().optional(),
  }),
  indexes: [
    { key: { state: 1, hostId: 1 }, name: 'state' },
    { key: { state: 1, schema: 1 }, name: 'schema' },
    { key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 },
  ],
});

export type MemberDoc = z.infer<typeof memberModel.schema>;
