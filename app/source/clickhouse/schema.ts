import { z } from 'zod';
import { spanBetween } from '../../domain/span';

const longestSql = 64 * 1024;

export const settings = z.strictObject({
  /** Address of the HTTP interface. */
  url: z.string().max(2000).superRefine(checkUrl),
  user: z.string().min(1).max(200).default('default'),
  password: z.string().max(1000).default(''),
  database: z.string().min(1).max(200).default('default'),
  /** Limit of one query in ms; past it the query is ended on the server too. */
  timeoutMs: spanBetween(100, 600_000).default(10_000),
  /** Queries at a time from one host. */
  maxConcurrent: z.number().int().min(1).max(100).default(10),
});

export type ClickHouseSettings = z.infer<typeof settings>;

/** SQL text. The window of time is ClickHouse's own: `now() - INTERVAL 10 MINUTE`. */
export const query = z
  .string({ error: 'must be SQL text, such as "SELECT count() AS value FROM …"' })
  .refine(sql => sql.trim() !== '', 'is empty: give SQL, such as "SELECT count() AS value FROM …"')
  .refine(sql => Buffer.byteLength(sql) <= longestSql, `is longer than ${longestSql} bytes`)
  .refine(sql => !namesOtherFormat(sql), 'ends with FORMAT: leave it out, Watchbell asks for the format that it reads');

export type ClickHouseQuery = z.infer<typeof query>;

/** JSON and JSONCompact are what is read anyway. */
function namesOtherFormat(sql: string): boolean {
  const format = /\bFORMAT\s+([A-Za-z0-9]+)[\s;]*$/i.exec(sql)?.[1];
  return format !== undefined && format !== 'JSON' && format !== 'JSONCompact';
}

function checkUrl(text: string, context: z.RefinementCtx): void {
  const fault = urlFault(text);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
}

/** Never says the address: somebody may have put the password into it. */
function urlFault(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL: give one such as http://clickhouse.example.com:8123';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with http:// or https://';
  if (url.username !== '' || url.password !== '')
    return 'must not hold user and password: they have fields of their own';
  return url.search === '' && url.hash === '' ? null : 'must not hold parameters: the database has a field of its own';
}
