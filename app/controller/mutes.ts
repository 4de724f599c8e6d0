import { z } from 'zod';
import { ForbiddenError, NotFoundError, ValidationError } from '../domain/errors';
import { type MuteDoc, matcherSchema } from '../model/mute';
import { isoDate } from '../service/definition/fields';
import type { Identity } from '../service/tokens';
import { allowEveryJob, allowJob } from './access';
import { endpoint, noBody, nothing } from './endpoint';
import { muteSpan } from './muteSpan';
import { flag, idParams, pageQuery } from './parameters';

const matchers = z.array(matcherSchema).min(1).max(20);

const muteBody = z.strictObject({
  matchers,
  startsAt: isoDate.nullish(),
  endsAt: isoDate.optional(),
  for: muteSpan.optional(),
  note: z.string().max(1000).default(''),
});

/** `/api/v1/mutes` */
export default class MutesController {
  readonly create = endpoint({
    summary: 'Holds the messages of the alerts that match',
    params: nothing,
    query: nothing,
    body: { schema: muteBody },
    status: 201,
    handle: async ({ body, identity, watchbell }) => {
      allowMatchers(identity, body.matchers);
      const { matchers, startsAt, note } = body;
      const begin = startsAt === null || startsAt === undefined ? {} : { startsAt };
      const mute = await watchbell.mutes.create({ matchers, note, ...begin, ...endOf(body) }, identity.name);
      return { status: 201, body: muteView(mute), headers: { Location: `/api/v1/mutes/${mute._id}` } };
    },
  });

  readonly list = endpoint({
    summary: 'Mutes from new to old',
    params: nothing,
    query: z.strictObject({ ...pageQuery, active: flag.optional() }),
    body: noBody,
    handle: async ({ query, watchbell }) => {
      const { items, nextCursor } = await watchbell.mutes.list(query);
      return { status: 200, body: { items: items.map(muteView), nextCursor } };
    },
  });

  readonly end = endpoint({
    summary: 'Ends a mute now; it stays in the history',
    params: idParams,
    query: nothing,
    body: noBody,
    status: 204,
    handle: async ({ params, identity, watchbell }) => {
      allowEveryJob(identity);
      if (!(await watchbell.mutes.end(params.id, identity.name))) {
        throw new NotFoundError(`There is no mute "${params.id}".`);
      }
      return { status: 204 };
    },
  });

  readonly preview = endpoint({
    summary: 'The open alerts that a mute would hold',
    params: nothing,
    query: nothing,
    body: { schema: z.strictObject({ matchers }) },
    handle: async ({ body, watchbell }) => ({ status: 200, body: await watchbell.mutes.preview(body.matchers) }),
  });
}

/** The service refuses both and neither; only "forever" has to be understood here. Throws ValidationError. */
function endOf({ endsAt, for: span }: z.output<typeof muteBody>): { endsAt?: Date | null; forMs?: number } {
  if (span !== 'forever') return { endsAt, forMs: span };
  if (endsAt === undefined) return { endsAt: null };
  throw new ValidationError([{ path: 'endsAt', message: 'give either "for" or "endsAt", not both' }]);
}

function muteView({ _id: id, expireAt: _hidden, ...mute }: MuteDoc): Record<string, unknown> {
  return { id, ...mute };
}

/** A token that is limited to some jobs may hold only what is tied to one of them. Throws ForbiddenError. */
function allowMatchers(identity: Identity, given: z.output<typeof matchers>): void {
  if (identity.jobs.length === 0) return;
  const job = given.find(matcher => matcher.label === 'job' && matcher.op === '=');
  if (job === undefined)
    throw new ForbiddenError('This token is limited to some jobs: give a matcher {"label": "job", "op": "=", …}.');
  allowJob(identity, job.value);
}
