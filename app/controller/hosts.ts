import { z } from 'zod';
import { spanBetween } from '../domain/span';
import { allowEveryJob } from './access';
import { endpoint, noBody, nothing } from './endpoint';

/** `/cluster/hosts/{hostId}`: a WATCHBELL_HOST_ID, or the host name with random characters. */
const hostParams = z.strictObject({ hostId: z.string().min(1).max(300) });
const dayMs = 86_400_000;
const drainBody = z.strictObject({ limitMs: spanBetween(0, dayMs).nullable().default(null) });
const states = ['live', 'draining', 'suspended', 'incomplete', 'dead'] as const;

/** A host in GET /cluster, and what asking it to drain answers. */
const hostAnswer = z.object({
  hostId: z.string(),
  state: z.enum(states),
  draining: z
    .object({ since: z.iso.datetime(), by: z.string().nullable(), runsUntil: z.iso.datetime().nullable() })
    .nullable(),
  runs: z.int(),
});

/** `/api/v1/cluster/hosts/{hostId}/drain` */
export default class HostsController {
  readonly drain = endpoint({
    summary: 'Lets a host take no more work, until DELETE; its runs may go on for `limitMs` (default 10 min)',
    params: hostParams,
    query: nothing,
    body: { schema: drainBody, optional: true },
    answer: hostAnswer,
    status: 202,
    handle: async ({ params, body, identity, watchbell }) => {
      allowEveryJob(identity);
      return { status: 202, body: await watchbell.hosts.drain(params.hostId, identity.name, body.limitMs) };
    },
  });

  readonly resume = endpoint({
    summary: 'Ends a drain: the host takes its share again',
    params: hostParams,
    query: nothing,
    body: noBody,
    status: 204,
    handle: async ({ params, identity, watchbell }) => {
      allowEveryJob(identity);
      await watchbell.hosts.resume(params.hostId, identity.name);
      return { status: 204 };
    },
  });
}
