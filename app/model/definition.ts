import type { IndexDescription } from 'mongodb';
import { z } from 'zod';
import { defineModel } from './types';

/** Fields that jobs, sources and channels share. A deleted definition stays as a tombstone so that every member hears of it. */
const definition = {
  _id: z.string(),
  revision: z.number().int(),
  createdRevision: z.number().int(),
  deleted: z.boolean(),
  updatedAt: z.date(),
  updatedBy: z.string(),
  /** Set on tombstones only: TTL. */
  expireAt: z.date().optional(),
};

const indexes: IndexDescription[] = [
  { key: { revision: 1 }, name: 'revision' },
  { key: { expireAt: 1 }, name: 'expire', expireAfterSeconds: 0 },
];

export const jobModel = defineModel({
  collection: 'jobs',
  schema: z.object({
    ...definition,
    /** The JobSpec as validated by the API (dates as dates); null on a tombstone. */
    spec: z.record(z.string(), z.unknown()).nullable(),
    /** The sources and channels that the spec names: what "in use" is decided by. */
    sources: z.array(z.string()),
    channels: z.array(z.string()),
    plannedFromAt: z.date(),
    idleSinceAt: z.date().nullable().default(null),
    /** Creations up to this revision were deleted and have something left to sweep (runs, alerts, deliveries). */
    sweepUpTo: z.number().int().optional(),
    paused: z.object({ note: z.string(), by: z.string(), at: z.date() }).nullable(),
  }),
  indexes: [
    ...indexes,
    { key: { sources: 1 }, name: 'sources' },
    { key: { channels: 1 }, name: 'channels' },
    { key: { sweepUpTo: 1 }, name: 'sweep', partialFilterExpression: { sweepUpTo: { $gt: 0 } } },
  ],
});

const remote = z.object({
  ...definition,
  kind: z.string(),
  /** Settings of the kind; secret values are sealed (`enc:v1:…`). */
  settings: z.record(z.string(), z.unknown()),
});

export const sourceModel = defineModel({ collection: 'sources', schema: remote, indexes });

export const channelModel = defineModel({
  collection: 'channels',
  schema: remote.extend({
    /** Set while the remote refuses this channel for good. Not part of the definition: no revision. */
    broken: z.object({ code: z.string(), message: z.string(), since: z.date() }).nullable().default(null),
  }),
  indexes,
});
