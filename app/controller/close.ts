import { z } from 'zod';
import { ValidationError } from '../domain/errors';
import { isoDate, repeated } from '../service/definition/fields';
import { allowJob } from './access';
import { type BodyDefinition, type Call, endpoint, noBody, nothing, type Reply } from './endpoint';
import { muteSpan } from './muteSpan';

/** `script` is the old name of `name`. */
const names = { name: repeated(z.string().max(200)).optional(), script: repeated(z.string().max(200)).optional() };
const end = { for: muteSpan.optional(), until: isoDate.optional() };
/** Read by the check of the token; allowed by a setting only. */
const token = { token: z.string().optional() };

const closeFields = z.strictObject({ ...names, ...end });
const openFields = z.strictObject(names);

type CloseFields = z.output<typeof closeFields>;
type Names = z.output<typeof openFields>;

/** Without an end a mute lasts this long: a forgotten one must not hide the next fault for ever. */
const defaultMs = 24 * 3_600_000;

/** `/close` and `/open`, by GET for people and old scripts, by POST for programs. */
export default class CloseController {
  readonly closeByGet = closeEndpoint(noBody);
  readonly closeByPost = closeEndpoint({ schema: closeFields, optional: true });
  readonly openByGet = openEndpoint(noBody);
  readonly openByPost = openEndpoint({ schema: openFields, optional: true });
}

function closeEndpoint<Body extends CloseFields | undefined>(body: BodyDefinition<Body>) {
  return endpoint({
    summary: 'Stops the messages of jobs on every worker of every host',
    params: nothing,
    query: closeFields.extend(token),
    body,
    answer: z.object({ closed: z.array(z.string()), endsAt: z.string().nullable(), inFlight: z.number() }),
    handle: async call => {
      const jobs = namesOf(call);
      const given = { for: call.query.for ?? call.body?.for, until: call.query.until ?? call.body?.until };
      const answer = await call.watchbell.mutes.close(jobs, endOf(given), call.identity.name);
      return { status: 200, body: answer };
    },
  });
}

function openEndpoint<Body extends Names | undefined>(body: BodyDefinition<Body>) {
  return endpoint({
    summary: 'Lets the messages of jobs through again',
    params: nothing,
    query: openFields.extend(token),
    body,
    answer: z.object({ opened: z.array(z.string()), stillMutedBy: z.array(z.string()) }),
    handle: async (call): Promise<Reply> => {
      const jobs = namesOf(call);
      return { status: 200, body: await call.watchbell.mutes.open(jobs, call.identity.name) };
    },
  });
}

function namesOf({ query, body, identity }: Call<unknown, Names, Names | undefined>): string[] {
  const given = [query.name, query.script, body?.name, body?.script].flatMap(part => part ?? []);
  const jobs = [...new Set(given)];
  for (const job of jobs) allowJob(identity, job);
  return jobs;
}

function endOf({ for: span, until }: Pick<CloseFields, 'for' | 'until'>) {
  if (span !== undefined && until !== undefined) {
    throw new ValidationError([{ path: 'until', message: 'give either "for" or "until", not both' }]);
  }
  if (span === 'forever') return { forever: true } as const;
  return until === undefined ? { forMs: span ?? defaultMs } : { until };
}
