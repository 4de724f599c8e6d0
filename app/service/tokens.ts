import { createHash, randomBytes } from 'node:crypto';
import { NotFoundError } from '../domain/errors';
import type { TokenDoc } from '../model/token';
import type { Database } from '../repository/database';
import { Tokens } from '../repository/tokens';
import { page } from './page';

export type Role = TokenDoc['role'];

/** Who calls, as the token says. */
export interface Identity {
  tokenId: string;
  name: string;
  role: Role;
  /** May call /close and /open and nothing else. */
  closeOnly: boolean;
  /** Globs of job names; empty means every job. */
  jobs: readonly string[];
}

export interface NewToken {
  name: string;
  role: Role;
  scopes: 'close'[];
  jobs: string[];
  expiresAt: Date | null;
}

const prefix = 'wb_';

/** Makes, finds and revokes access tokens. */
export class TokenService {
  private readonly tokens: Tokens;

  constructor(database: Database) {
    this.tokens = new Tokens(database);
  }

  /** The text is answered once and kept nowhere: only its hash is stored. `by` is who made it. */
  async create(token: NewToken, by: string): Promise<{ id: string; token: string }> {
    const text = prefix + randomBytes(32).toString('base64url');
    const id = randomBytes(6).toString('hex');
    await this.tokens.insert({ _id: hashOf(text), id, ...token, createdAt: new Date(), createdBy: by });
    return { id, token: text };
  }

  /** null for a text that is no valid token. The lookup is by hash: its time says nothing of the text. */
  async identify(text: string): Promise<Identity | null> {
    if (!text.startsWith(prefix) || text.length > 100) return null;
    const found = await this.tokens.byHash(hashOf(text));
    if (found === null) return null;
    const { id, name, role, scopes, jobs } = found;
    return { tokenId: id, name, role, closeOnly: scopes.includes('close'), jobs };
  }

  async list(limit: number, after: string | null): Promise<{ items: Record<string, unknown>[]; next: string | null }> {
    const { items, last } = page(await this.tokens.list(limit + 1, after), limit);
    return { items: items.map(({ _id, ...shown }) => shown), next: last?.id ?? null };
  }

  /** It is refused from now on, on every host. Throws NotFoundError. */
  async revoke(id: string): Promise<void> {
    if (!(await this.tokens.delete(id))) throw new NotFoundError(`There is no token "${id}".`);
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
