import { z } from 'zod';
import { SourceError } from '../../domain/errors';
import { truncateUtf8 } from '../../domain/message/render';
import type { SeriesPoint } from '../../domain/message/types';
import { type Cell, type Column, toSeries } from '../../domain/series';
import type { PostAnswer } from '../../net/http';

/** FORMAT JSONCompact, or JSON where the query asks for it. */
const answerSchema = z.object({
  meta: z.array(z.object({ name: z.string(), type: z.string() })),
  data: z.array(z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())])),
});

export type JsonAnswer = z.infer<typeof answerSchema>;

/** Bytes of the server's message that are kept. */
const messageLimit = 500;
/** `Code: 62, e.displayText() = …` of 18.16 and `Code: 62. DB::Exception: …` of newer ones, also behind data. */
const exception = /Code: (\d+)(?:, e\.displayText\(\) = |\. )DB::Exception[\s\S]*/;
/** Codes of ClickHouse that have a name here: the limits of an answer and of time. */
const named: ReadonlyMap<string, string> = new Map([
  ['396', 'tooManyRows'],
  ['159', 'timeout'],
]);

/** The server's refusal in either style; null for an answer. */
export function errorOf({ status, headers, body }: PostAnswer): SourceError | null {
  if (status === 200) return null;
  const text = exception.exec(body)?.[0] ?? body;
  const code = headers['x-clickhouse-exception-code'] ?? exception.exec(body)?.[1];
  const message = truncateUtf8(text.trim(), messageLimit, '…');
  if (code === undefined) return new SourceError(`http${status}`, `HTTP ${status}: ${message}`);
  return new SourceError(named.get(code) ?? code, message);
}

/** Throws SourceError: an exception that came behind the data (a proxy may drop wait_end_of_query), or `badAnswer`. */
export function answerOf(body: string): JsonAnswer {
  const answer = answerSchema.safeParse(parseJson(body));
  if (answer.success) return answer.data;
  const late = exception.exec(body);
  if (late?.[1] !== undefined) {
    throw new SourceError(named.get(late[1]) ?? late[1], truncateUtf8(late[0].trim(), messageLimit, '…'));
  }
  const shown = truncateUtf8(body.trim(), 200, '…');
  throw new SourceError('badAnswer', `The answer is not JSON of ClickHouse (is this its HTTP port?): ${shown}`);
}

export function rowsOf({ meta, data }: JsonAnswer): unknown[][] {
  return data.map(row => (Array.isArray(row) ? row : meta.map(({ name }) => row[name])));
}

/** Throws SourceError as toSeries does. */
export function seriesOf(answer: JsonAnswer): SeriesPoint[] {
  const columns = answer.meta.map<Column>(({ name, type }) => ({ name, type, numeric: isNumeric(type) }));
  const rows = rowsOf(answer).map(row => row.map((value, index) => cellOf(value, columns[index]?.numeric === true)));
  return toSeries(columns, rows);
}

function isNumeric(type: string): boolean {
  const bare = type.replace(/^LowCardinality\((.*)\)$/, '$1').replace(/^Nullable\((.*)\)$/, '$1');
  return /^(U?Int\d+|B?Float\d+|Decimal\d*(\(.*\))?|Nothing)$/.test(bare);
}

/** UInt64 and Int64 come quoted; nan and inf come as null. */
function cellOf(value: unknown, numeric: boolean): Cell {
  if (value === null || value === undefined) return null;
  if (numeric) return Number(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** undefined for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
