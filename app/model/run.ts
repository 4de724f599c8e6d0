import { z } from 'zod';
import { defineModel } from './types';

export const runStates = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'lost',
  'skipped',
] as const;
/** In the place of a member: this run was given up in good order; no member has this id, so anybody may take it over. */
export const givenUp = '-';
const unfinished: readonly string[] = ['queued', 'running'];
export const unfinishedStates = { $in: [...unfinished] };
/** Whether a run in this state has still to end. */
export const isUnfinished = (state: string) => unfinished.includes(state);
/** What begins costs a burst no entry in an index that only serves what has ended. */
const ended = { state: { $in: runStates.filter(state => !isUnfinished(state)) } };
const skipReasons = ['misfire', 'overlap', 'paused', 'calendar', 'changed', 'expired'] as const;

export const runModel = defineModel({
  collection: 'runs',
  schema: z.object({
    /** `job@scheduledAt` in ISO time; `~hostId` appended where every host runs it, `~random` for a manual run. */
    _id: z.string(),
    job: z.string(),
    jobRevision: z.number().int(),
    trigger: z.enum(['schedule', 'manual', 'backfill']),
    scheduledAt: z.date(),
    claimedAt: z.date(),
    startedAt: z.date().nullable(),
    finishedAt: z.date().nullable(),
    latenessMs: z.number(),
    state: z.enum(runStates),
    reason: z.enum(skipReasons).nullable(),
    /** Counts the attempts of retry.limit. */
    attempt: z.number().int(),
    /** How often its member was lost after it had started. */
    lostCount: z.number().int(),
    /** Raised by every start; every later write must match it. */
    fence: z.number().int(),
    onLost: z.enum(['retry', 'close']),
    /** Empty while nobody has claimed it: what was queued for whoever starts it first. */
    member: z.string(),
    hostId: z.string(),
    /** The only host whose members may execute it: of jobs that every host runs. */
    boundTo: z.string().optional(),
    /** Only hosts with these labels may execute it. */
    hostLabels: z.record(z.string(), z.string()).optional(),
    /** Held while the run must be alone: the job's name (`job~hostId`); `job:waiting` while it waits for that. */
    slot: z.string().optional(),
    /** Of a queued run: the slots of which it needs any one to start; none or an empty list needs none. */
    lanes: z.array(z.string()).optional(),
    /** The first of the lanes: runs with the same one wait in one queue. */
    queue: z.string().optional(),
    /** Somebody wants it to end; its owner hears of it at its next sweep. */
    cancelRequestedAt: z.date().optional(),
    /** Who wants it to end: a person, or a newer run of its job. */
    cancelRequestedBy: z.string().optional(),
    /** Who asked for the run; absent where its schedule did. */
    requestedBy: z.string().optional(),
    /** Of a run that was asked for with an Idempotency-Key: job and key as a hash; released after a day. */
    requestKey: z.string().optional(),
    /** Of a record that stands for many skips in a row: the first and the last of them, and how many. */
    from: z.date().optional(),
    to: z.date().optional(),
    count: z.number().int().optional(),
    /** A settlement of missed occurrences relied on this claim: it may not be taken back any more. */
    counted: z.boolean().optional(),
    /** Parts of its alerts that are applied, while more than one transaction is needed; gone when it has finished. */
    chunks: z.number().int().optional(),
    outcome: z.record(z.string(), z.number()).nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    expireAt: z.date(),
  }),
  indexes: [
    {
      key: { slot: 1 },
      name: 'slot',
      unique: true,
      partialFilterExpression: { slot: { $exists: true } },
    },
    {
      key: { member: 1, state: 1 },
      name: 'unfinished',
      partialFilterExpression: { state: unfinishedStates },
    },
    // The state first, though it is the same in each entry: with it the index alone tells which queues there are.
    {
      key: { state: 1, queue: 1, scheduledAt: 1, _id: 1 },
      name: 'queue',
      partialFilterExpression: { state: 'queued' },
    },
    { key: { claimedAt: 1 }, name: 'queuedSince', partialFilterExpression: { state: 'queued' } },
    {
      key: { member: 1, cancelRequestedAt: 1 },
      name: 'cancel',
      partialFilterExpression: { cancelRequestedAt: { $exists: true }, state: unfinishedStates },
    },
    {
      key: { requestKey: 1 },
      name: 'requestKey',
      unique: true,
      partialFilterExpression: { requestKey: { $exists: true } },
    },
    { key: { job: 1, scheduledAt: -1, _id: -1 }, name: 'job' },
    { key: { scheduledAt: -1, _id: -1 }, name: 'time' },
    { key: { state: 1, scheduledAt: -1, _id: -1 }, name: 'ended', partialFilterExpression: ended },
    { key: { hostId: 1, scheduledAt: -1, _id: -1 }, name: 'host' },
    { key: { to: 1 }, name: 'span', partialFilterExpression: { to: { $exists: true } } },
    { key: { expireAt: 1 }, name: 'expireEnded', expireAfterSeconds: 0, partialFilterExpression: ended },
  ],
});

export type RunDoc = z.infer<typeof runModel.schema>;
