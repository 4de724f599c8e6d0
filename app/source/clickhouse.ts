import { SourceError } from '../domain/errors';
import type { SeriesPoint } from '../domain/message/types';
import { Access } from './clickhouse/access';
import { seriesOf } from './clickhouse/answer';
import { ask } from './clickhouse/request';
import { type ClickHouseQuery, type ClickHouseSettings, query, settings } from './clickhouse/schema';
import type { QueryContext, Source } from './types';

/** "Cannot … in readonly mode": of a write, and of a setting that the user may not set (any more). */
const readonlyRefusal = '164';

/** ClickHouse 18.16 or newer over HTTP. What the user may set is kept per instance. */
export class ClickHouse implements Source<ClickHouseSettings, ClickHouseQuery> {
  readonly kind = 'clickhouse';
  readonly settings = settings;
  readonly query = query;
  private readonly access = new Access();

  async read(given: ClickHouseSettings, sql: ClickHouseQuery, context: QueryContext): Promise<SeriesPoint[]> {
    const limited = withDeadline(context, Math.min(given.timeoutMs, context.timeoutMs));
    const { readonly } = await this.access.of(given, limited());
    try {
      return seriesOf(await ask(given, { sql, queryId: context.queryId, readonly }, limited()));
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== readonlyRefusal) throw error;
      this.access.forget(given);
      const now = await this.access.of(given, limited());
      if (now.readonly === readonly) throw error;
      return seriesOf(await ask(given, { sql, queryId: `${context.queryId}~2`, readonly: now.readonly }, limited()));
    }
  }

  async test(given: ClickHouseSettings, context: QueryContext): Promise<{ message: string }> {
    this.access.forget(given);
    const { readonly, version } = await this.access.of(given, context);
    return { message: `ClickHouse ${version}, user ${given.user} ${mayDo(readonly)}` };
  }
}

function mayDo(readonly: number): string {
  if (readonly === 0) return 'may write; Watchbell asks with readonly = 1';
  if (readonly === 1) return 'may read only and sets no limits: its profile must hold max_execution_time';
  return 'may read only, but reach other servers by url() and remote(): readonly = 1 is safer';
}

/** One limit for all that one reading asks: each question gets what is left of it. */
function withDeadline(context: QueryContext, timeoutMs: number): () => QueryContext {
  const until = performance.now() + timeoutMs;
  return () => ({ ...context, timeoutMs: Math.max(1, Math.round(until - performance.now())) });
}
