import { ForbiddenError, UnauthorizedError } from '../domain/errors';
import { matchesGlob } from '../domain/glob';
import type { Identity, Role } from '../service/tokens';
import type { Watchbell } from '../service/watchbell';

/** Who may call a route. `close`: operators, and tokens that can do nothing else. */
export type Access = 'public' | Role | 'close';

const ranks: Record<Role, number> = { viewer: 1, operator: 2, admin: 3 };
const anonymous: Identity = { tokenId: '', name: 'anonymous', role: 'viewer', closeOnly: false, jobs: [] };

/** Finds the token of a request, in the database each time, and checks what it may do. Throws 401, 403. */
export async function authorize(
  access: Access,
  given: { authorization: string; queryToken: string | undefined },
  watchbell: Watchbell,
): Promise<Identity> {
  if (access === 'public') return anonymous;
  const inQuery = access === 'close' && given.authorization === '' ? given.queryToken : undefined;
  const text = inQuery ?? bearer(given.authorization);
  if (inQuery !== undefined && !watchbell.settings.closeTokenInQuery) {
    throw new UnauthorizedError(
      'A token in the query is taken only where WATCHBELL_CLOSE_TOKEN_IN_QUERY allows it: send "Authorization: Bearer wb_…".',
    );
  }
  const identity = await watchbell.tokens.identify(text);
  if (identity === null)
    throw new UnauthorizedError('The token is not known: it was revoked, has expired or is mistyped.');
  if (inQuery !== undefined && !identity.closeOnly) {
    throw new ForbiddenError('A token in the query must be one that can do nothing else (scope "close").');
  }
  assertRole(access, identity);
  return identity;
}

/** Throws ForbiddenError where the token is limited to other jobs. */
export function allowJob(identity: Identity, job: string): void {
  if (identity.jobs.length === 0 || identity.jobs.some(glob => matchesGlob(glob, job))) return;
  throw new ForbiddenError(
    `This token may change only the jobs ${identity.jobs.join(', ')}; "${job}" is not one of them.`,
  );
}

/** For what reaches beyond single jobs. Throws ForbiddenError where the token is limited to some. */
export function allowEveryJob(identity: Identity): void {
  if (identity.jobs.length === 0) return;
  throw new ForbiddenError(
    `This token is limited to the jobs ${identity.jobs.join(', ')}, and this reaches beyond them.`,
  );
}

function assertRole(access: Exclude<Access, 'public'>, identity: Identity): void {
  if (access === 'close') {
    if (!identity.closeOnly && ranks[identity.role] < ranks.operator) throw tooLow('operator', identity);
    return;
  }
  if (identity.closeOnly) throw new ForbiddenError('This token may call /close and /open and nothing else.');
  if (ranks[identity.role] < ranks[access]) throw tooLow(access, identity);
}

function tooLow(needed: Role, { role }: Identity): ForbiddenError {
  return new ForbiddenError(`This needs a token of role ${needed}; yours is ${role}.`);
}

function bearer(authorization: string): string {
  const text = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
  if (text === undefined) throw new UnauthorizedError();
  return text;
}
