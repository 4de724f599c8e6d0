import { createHash } from 'node:crypto';
import { SourceError } from '../../domain/errors';
import type { QueryContext } from '../types';
import { rowsOf } from './answer';
import { ask } from './request';
import type { ClickHouseSettings } from './schema';

/** ClickHouse's setting `readonly` as the user's profile has it: 0 writes, 1 reads and sets nothing, 2 reads and sets. */
export interface UserAccess {
  readonly: number;
  version: string;
}

/** A profile may change; a user that became writable must not go on being asked without readonly = 1. */
const rememberMs = 60_000;
const rememberAtMost = 500;

/** What the user of some settings may set: asked once, then remembered for a minute. */
export class Access {
  private readonly known = new Map<string, UserAccess & { until: number }>();

  async of(settings: ClickHouseSettings, context: QueryContext): Promise<UserAccess> {
    const key = keyOf(settings);
    const known = this.known.get(key);
    if (known !== undefined && performance.now() < known.until) return known;
    const access = await probe(settings, context);
    this.known.delete(key);
    for (const oldest of this.known.keys()) {
      if (this.known.size < rememberAtMost) break;
      this.known.delete(oldest);
    }
    this.known.set(key, { ...access, until: performance.now() + rememberMs });
    return access;
  }

  forget(settings: ClickHouseSettings): void {
    this.known.delete(keyOf(settings));
  }
}

/** Sends no setting, so that every user may ask it. */
async function probe(settings: ClickHouseSettings, context: QueryContext): Promise<UserAccess> {
  const sql = "SELECT value, version() AS version FROM system.settings WHERE name = 'readonly'";
  const answer = await ask(settings, { sql, queryId: `${context.queryId}~access`, readonly: 1 }, context);
  const [value, version] = rowsOf(answer)[0] ?? [];
  if (value === undefined) throw new SourceError('badAnswer', 'ClickHouse does not know its own setting "readonly".');
  return { readonly: Number(value), version: String(version) };
}

/** Never the password itself: keys of maps are seen in heap dumps. */
function keyOf({ url, user, password, database }: ClickHouseSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([url, user, password, database]))
    .digest('hex');
}
