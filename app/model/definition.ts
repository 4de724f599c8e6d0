import type { IndexDescription } from 'mongodb';
import { z } from 'zod';
import type { CalendarSpec } from '../domain/calendar/types';
import { defineModel } from './types';

/** Fields that jobs, sources, channels and calendars share. A deleted definition stays as a tombstone so that every member hears of it. */
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
    /** The sources, channels and calendars that the spec names: what "in use" is decided by. */
    sources: z.array(z.string()),
    channels: z.array(z.string()),
    calendars: z.array(z.string()).default([]),
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
    { key: { calendars: 1 }, name: 'calendars' },
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
  indexes: [
    ...indexes,
    { key: { 'broken.code': 1 }, name: 'broken', partialFilterExpression: { 'broken.code': { $exists: true } } },
  ],
});

const namedDates = z.array(z.object({ date: z.string(), name: z.string() }));

/** A calendar as it stands in MongoDB: the API's schema has checked it. */
export const calendarSpecSchema: z.ZodType<CalendarSpec> = z.object({
  kind: z.string(),
  zone: z.string(),
  weekend: z.array(z.number().int()),
  holidays: namedDates,
  workdays: namedDates,
});

export const calendarModel = defineModel({
  collection: 'calendars',
  schema: z.object({ ...definition, spec: calendarSpecSchema.nullable() }),
  indexes,
});
