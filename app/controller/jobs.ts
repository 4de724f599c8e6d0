import { z } from 'zod';
import { slugSchema } from '../domain/slug';
import { decodeCursor } from '../service/page';
import { allowJob } from './access';
import { deleteOne, getOne, listReply, patchOne, putOne, writeOptions, written } from './definitionEndpoints';
import { endpoint, noBody, nothing } from './endpoint';
import { flag, givenFields, nameParams, pageQuery, writeQuery } from './parameters';

const routes = { kind: 'job', set: watchbell => watchbell.definitions.jobs } satisfies Parameters<typeof getOne>[0];

const listQuery = z.strictObject({
  ...pageQuery,
  kind: z.string().max(64).optional(),
  enabled: flag.optional(),
  paused: flag.optional(),
  source: slugSchema.optional(),
  channel: slugSchema.optional(),
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
}

function filterOf({ kind, enabled, paused, source, channel }: z.output<typeof listQuery>): Record<string, unknown> {
  const isPaused = paused === undefined ? undefined : paused ? { $ne: null } : null;
  return givenFields({
    'spec.kind': kind,
    'spec.enabled': enabled,
    paused: isPaused,
    sources: source,
    channels: channel,
  });
}
