import { z } from 'zod';
import { runStates } from '../model/run';
import { isoDate } from '../service/definition/fields';
import { allowJob } from './access';
import { endpoint, nothing } from './endpoint';
import { flag, idParams, nameParams } from './parameters';

/** Of a job that every host runs: the host that is to run it. */
const hostIdSchema = z.string().min(1).max(64);

const backfillBody = z
  .strictObject({
    from: isoDate,
    to: isoDate,
    overlap: z.enum(['queue', 'allow']).default('queue'),
    concurrency: z.int().min(1).max(10).default(1),
    hostId: hostIdSchema.nullable().default(null),
  })
  .refine(({ overlap, concurrency }) => overlap === 'allow' || concurrency === 1, {
    path: ['concurrency'],
    error: 'more than 1 at a time needs "overlap": "allow"; with "queue" the runs share the one place of the job',
  });

const backfillAnswer = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  count: z.int(),
  already: z.int(),
  runIds: z.array(z.string()),
});

/** What people ask of runs: one now, those of a span of the past, the end of one. */
export default class RunsController {
  readonly now = endpoint({
    summary: 'Runs a job now, beside its schedule; an Idempotency-Key makes asking again asking once',
    params: nameParams,
    query: z.strictObject({ hostId: hostIdSchema.optional() }),
    body: { schema: nothing, optional: true },
    answer: z.object({ runId: z.string() }),
    status: 202,
    handle: async ({ params, query: { hostId = null }, identity, idempotencyKey, watchbell }) => {
      allowJob(identity, params.name);
      const runId = await watchbell.runControl.run(params.name, identity.name, idempotencyKey, hostId);
      return { status: 202, body: { runId }, headers: { Location: `/api/v1/runs/${encodeURIComponent(runId)}` } };
    },
  });

  readonly backfill = endpoint({
    summary: 'Runs what the schedule of a job would have run from `from` up to `to` and did not, in order',
    params: nameParams,
    query: z.strictObject({ dryRun: flag.default(false) }),
    body: { schema: backfillBody },
    answer: backfillAnswer,
    status: 202,
    handle: async ({ params, query: { dryRun }, body, identity, watchbell }) => {
      allowJob(identity, params.name);
      const answer = await watchbell.runControl.backfill(params.name, body, identity.name, dryRun);
      return { status: dryRun ? 200 : 202, body: answer };
    },
  });

  readonly cancel = endpoint({
    summary: 'Ends a run that waits, asks one that is under way to end',
    params: idParams,
    query: nothing,
    body: { schema: nothing, optional: true },
    answer: z.looseObject({ id: z.string(), state: z.enum(runStates), cancelRequestedAt: z.iso.datetime().nullable() }),
    status: 202,
    handle: async ({ params, identity, watchbell }) => {
      allowJob(identity, await watchbell.runs.jobOf(params.id));
      return { status: 202, body: await watchbell.runControl.cancel(params.id, identity.name) };
    },
  });
}
