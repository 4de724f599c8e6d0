import { z } from 'zod';
import { ForbiddenError } from '../domain/errors';
import type { JsonObject } from '../domain/mergePatch';
import { slugSchema } from '../domain/slug';
import { decodeCursor } from '../service/page';
import type { Identity } from '../service/tokens';
import { allowJob } from './access';
import { deleteOne, getOne, listReply, patchOne, putOne, writeOptions, written } from './definitionEndpoints';
import { endpoint, noBody, nothing } from './endpoint';
import { flag, givenFields, jsonObject, nameParams, pageQuery, writeQuery } from './parameters';

const routes = { kind: 'job', set: watchbell => watchbell.definitions.jobs } satisfies Parameters<typeof getOne>[0];

const listQuery = z.strictObject({
  ...pageQuery,
  kind: z.string().max(64).optional(),
  enabled: flag.optional(),
  paused: flag.optional(),
  source: slugSchema.optional(),
  channel: slugSchema.optional(),
  calendar: slugSchema.optional(),
});

const fault = z.object({ code: z.string(), message: z.string() });
const alertState = z.enum(['ok', 'pending', 'firing', 'noData', 'error']);
const labels = z.record(z.string(), z.string());

const trialAnswer = z.object({
  series: z.array(
    z.object({
      labels,
      value: z.number().nullable(),
      state: alertState,
      transition: z.object({ from: alertState, to: alertState, note: z.string().nullable() }).optional(),
    }),
  ),
  messages: z.array(
    z.object({
      channel: slugSchema,
      kind: z.enum(['firing', 'resolved', 'noData', 'error', 'repeat']),
      series: labels,
      text: z.string(),
      bodies: z.array(z.unknown()),
      mutedBy: z.array(z.string()),
      error: fault.optional(),
    }),
  ),
  messagesOmitted: z.int().optional(),
  error: fault.optional(),
});

const pauseBody = z.strictObject({ note: z.string().max(1000).default('') });

/** `/api/v1/jobs` */
export default class JobsController {
  readonly list = endpoint({
    summary: 'Jobs in the order of their names',
    params: nothing,
    query: listQuery,
    body: noBody,
    handle: async ({ query, watchbell }) => {
      const after = decodeCursor(z.string(), query.cursor);
      return listReply(await watchbell.definitions.jobs.list({ limit: query.limit, after, filter: filterOf(query) }));
    },
  });

  readonly get = getOne(routes);
  readonly put = putOne(routes);
  readonly patch = patchOne(routes);
  readonly remove = deleteOne(routes);

  readonly pause = endpoint({
    summary: 'Stops the schedule of a job until it is resumed',
    params: nameParams,
    query: writeQuery,
    body: { schema: pauseBody, optional: true },
    handle: async call => {
      const { params, body, identity, watchbell } = call;
      allowJob(identity, params.name);
      return await written(call, await watchbell.definitions.jobs.pause(params.name, body.note, writeOptions(call)));
    },
  });

  readonly resume = endpoint({
    summary: 'Lets a paused job be due again from now on',
    params: nameParams,
    query: writeQuery,
    body: { schema: nothing, optional: true },
    handle: async call => {
      const { params, identity, watchbell } = call;
      allowJob(identity, params.name);
      return await written(call, await watchbell.definitions.jobs.resume(params.name, writeOptions(call)));
    },
  });

  readonly test = endpoint({
    summary: 'Runs a check now and answers what would come of it; stores and sends nothing',
    params: nameParams,
    query: nothing,
    body: { schema: nothing, optional: true },
    answer: trialAnswer,
    handle: async ({ params, identity, watchbell }) => {
      allowJob(identity, params.name);
      return { status: 200, body: await watchbell.jobTrials.stored(params.name) };
    },
  });

  readonly testBody = endpoint({
    summary: 'The same for a job that is not stored, or not yet as it is given',
    params: nothing,
    query: nothing,
    body: {
      schema: jsonObject,
      document: watchbell => watchbell.definitions.schemas.job.document({ name: slugSchema.optional() }),
    },
    answer: trialAnswer,
    handle: async ({ body, identity, watchbell }) => {
      allowNamed(identity, body);
      return { status: 200, body: await watchbell.jobTrials.unstored(body) };
    },
  });
}

/** A token that is limited to some jobs must say which one the body is meant for. Throws ForbiddenError. */
function allowNamed(identity: Identity, body: JsonObject): void {
  if (identity.jobs.length === 0) return;
  const { name } = body;
  if (typeof name !== 'string') {
    throw new ForbiddenError('This token is limited to some jobs: give the "name" of the one that this will be.');
  }
  allowJob(identity, name);
}

function filterOf({
  kind,
  enabled,
  paused,
  source,
  channel,
  calendar,
}: z.output<typeof listQuery>): Record<string, unknown> {
  const isPaused = paused === undefined ? undefined : paused ? { $ne: null } : null;
  return givenFields({
    'spec.kind': kind,
    'spec.enabled': enabled,
    paused: isPaused,
    sources: source,
    channels: channel,
    calendars: calendar,
  });
}
