import { setTimeout as sleep } from 'node:timers/promises';
import { SourceError } from '../../domain/errors';
import { NetError } from '../../net/errors';
import { type PostAnswer, postHttp } from '../../net/http';
import { maxBytes, maxRows, type QueryContext } from '../types';
import { answerOf, errorOf, type JsonAnswer, rowsOf } from './answer';
import type { ClickHouseSettings } from './schema';

export interface Question {
  sql: string;
  queryId: string;
  /** The user's own `readonly`: decides which limits may be sent along. */
  readonly: number;
}

/** How long ending a query on the server may take: less than a run that is ended waits for it. */
const killMs = 2000;
const killTries = 3;
const killPauseMs = 100;

/** Asks one question; past the time limit and after an abort the query is ended on the server too. Throws SourceError. */
export async function ask(
  settings: ClickHouseSettings,
  question: Question,
  context: QueryContext,
): Promise<JsonAnswer> {
  const parameters = {
    ...limits(question.readonly, context.timeoutMs),
    query_id: question.queryId,
    wait_end_of_query: '1',
  };
  try {
    return readAnswer(await post(settings, question.sql, parameters, context));
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    const unfinished = error.options.sent === true && (error.code === 'timeout' || error.code === 'aborted');
    const ending = unfinished ? ` ${await kill(settings, question.queryId, context)}` : '';
    const code = error.code === 'tooLarge' ? 'tooManyBytes' : error.code;
    throw new SourceError(code, `${error.message}${ending}`, { cause: error });
  }
}

function readAnswer(answer: PostAnswer): JsonAnswer {
  const error = errorOf(answer);
  if (error !== null) throw error;
  const read = answerOf(answer.body);
  if (rowsOf(read).length > maxRows) throw new SourceError('tooManyRows', `The answer has more than ${maxRows} rows.`);
  return read;
}

/** ClickHouse counts whole seconds: its own limit is the net below ours. readonly = 1 also forbids url() and remote(). */
function limits(readonly: number, timeoutMs: number): Record<string, string> {
  if (readonly === 1) return {};
  const sent = {
    max_execution_time: String(Math.ceil(timeoutMs / 1000)),
    max_result_rows: String(maxRows),
    result_overflow_mode: 'throw',
  };
  return readonly === 0 ? { ...sent, readonly: '1' } : sent;
}

async function post(
  { url, user, password, database }: ClickHouseSettings,
  body: string,
  parameters: Record<string, string>,
  { timeoutMs, signal, outbound }: Pick<QueryContext, 'timeoutMs' | 'signal' | 'outbound'>,
): Promise<PostAnswer> {
  const target = new URL(url);
  target.search = new URLSearchParams({ database, default_format: 'JSONCompact', ...parameters }).toString();
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-ClickHouse-User': headerText(user),
    'X-ClickHouse-Key': headerText(password),
  };
  return await postHttp({ url: target.href, body, headers, timeoutMs, maxBytes, signal, policy: outbound });
}

/** Headers carry bytes: UTF-8 as ClickHouse reads it. */
function headerText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * The server does not mind that nobody listens any more (18.16 worked on for 92 s): it must be told. A query that has only
 * just been sent may not be known yet, so an empty answer is asked again. What came of it becomes part of the message.
 */
async function kill(settings: ClickHouseSettings, queryId: string, { outbound }: QueryContext): Promise<string> {
  const sql = `KILL QUERY WHERE query_id = '${queryId.replace(/[\\']/g, '\\$&')}' SYNC`;
  const until = performance.now() + killMs;
  try {
    for (let tries = 0; tries < killTries; tries += 1) {
      const timeoutMs = Math.max(1, until - performance.now());
      const signal = new AbortController().signal;
      const answer = await post(settings, sql, {}, { timeoutMs, signal, outbound });
      const error = errorOf(answer);
      if (error !== null) throw error;
      if (answer.body.trim() !== '' && rowsOf(answerOf(answer.body)).length > 0) return 'It was ended on the server.';
      await sleep(killPauseMs);
    }
    return 'It no longer ran on the server.';
  } catch (error) {
    return `It could not be ended on the server: ${error instanceof Error ? error.message : String(error)}`;
  }
}
