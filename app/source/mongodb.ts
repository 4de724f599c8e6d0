import { BSON, type Document, type MongoClient, MongoError, MongoServerError } from 'mongodb';
import { SourceError } from '../domain/errors';
import { truncateUtf8 } from '../domain/message/render';
import type { SeriesPoint } from '../domain/message/types';
import { Deadline } from '../net/deadline';
import { NetError } from '../net/errors';
import { Clients } from './mongodb/clients';
import { isOwnServer, type Members } from './mongodb/members';
import { seriesOf } from './mongodb/rows';
import { databaseOf, type MongoQuery, type MongoSettings, query, settings } from './mongodb/schema';
import { maxBytes, maxRows, type QueryContext, type Source } from './types';

const messageLimit = 500;
/** Codes of MongoDB that have a name here: MaxTimeMSExpired. */
const named: ReadonlyMap<string, string> = new Map([['50', 'timeout']]);

/** MongoDB by aggregations that only read. Clients are kept per instance and closed when idle. */
export class MongoDb implements Source<MongoSettings, MongoQuery> {
  readonly kind = 'mongodb';
  readonly settings = settings;
  readonly query = query;
  private readonly clients = new Clients();

  async read(given: MongoSettings, asked: MongoQuery, context: QueryContext): Promise<SeriesPoint[]> {
    return await this.within(given, context, async (client, signal, timeoutMs) => {
      const stages: Document[] = BSON.EJSON.deserialize(asked.pipeline);
      const cursor = client
        .db(databaseOf(given))
        .collection(asked.collection)
        .aggregate([...stages, { $limit: maxRows + 1 }], {
          readPreference: given.readPreference,
          maxTimeMS: timeoutMs,
          comment: context.queryId,
          allowDiskUse: false,
          signal,
        });
      return seriesOf(await bounded(cursor));
    });
  }

  async test(given: MongoSettings, context: QueryContext): Promise<{ message: string }> {
    return await this.within(given, context, async (client, signal, timeoutMs) => {
      const database = client.db(databaseOf(given));
      const info = await database.command({ buildInfo: 1 }, { readPreference: given.readPreference, signal });
      const collections = database.listCollections(
        {},
        { nameOnly: true, authorizedCollections: true, maxTimeMS: timeoutMs },
      );
      const count = (await collections.toArray()).length;
      return {
        message: `MongoDB ${String(info['version'])}, database ${databaseOf(given)} shows ${count} collections`,
      };
    });
  }

  async close(given?: MongoSettings): Promise<void> {
    await this.clients.close(given);
  }

  /** Lends a connected client under the time limit, the caller's abort and the guard on members. Throws SourceError. */
  private async within<T>(given: MongoSettings, context: QueryContext, work: Work<T>): Promise<T> {
    const timeoutMs = Math.min(given.timeoutMs, context.timeoutMs);
    return await this.clients
      .use(given, context, async (client, members) => {
        const deadline = new Deadline(timeoutMs, [context.signal, members.refusal]);
        try {
          await deadline.race(client.connect());
          await deadline.race(members.assertAll());
          await deadline.race(assertNotOwn(given, context, members));
          return await deadline.race(work(client, deadline.signal, timeoutMs));
        } catch (error) {
          if (context.signal.aborted) throw new SourceError('aborted', 'The query was aborted.', { cause: error });
          if (members.refusal.aborted) throw members.refusal.reason;
          if (deadline.passed) throw new SourceError('timeout', `No answer within ${timeoutMs} ms.`, { cause: error });
          throw error;
        } finally {
          deadline.release();
        }
      })
      .catch((error: unknown) => {
        throw meant(error);
      });
  }
}

type Work<T> = (client: MongoClient, signal: AbortSignal, timeoutMs: number) => Promise<T>;

/** All documents, or SourceError as soon as they are too many. */
async function bounded(cursor: AsyncIterable<Document> & { close(): Promise<void> }): Promise<Document[]> {
  const documents: Document[] = [];
  let bytes = 0;
  for await (const document of cursor) {
    documents.push(document);
    bytes += BSON.calculateObjectSize(document);
    if (documents.length > maxRows) throw new SourceError('tooManyRows', `The answer has more than ${maxRows} rows.`);
    if (bytes > maxBytes) throw new SourceError('tooManyBytes', `The answer is longer than ${maxBytes} bytes.`);
  }
  return documents;
}

async function assertNotOwn(
  given: MongoSettings,
  { forbiddenDatabase: own }: QueryContext,
  members: Members,
): Promise<void> {
  if (own === undefined || databaseOf(given).toLowerCase() !== own.database.toLowerCase()) return;
  if (!(await isOwnServer(members.names, own))) return;
  throw new SourceError(
    'refused',
    `The database ${own.database} is Watchbell's own, which a source does not read: give another one.`,
  );
}

function meant(error: unknown): unknown {
  if (error instanceof SourceError) return error;
  if (error instanceof NetError) return new SourceError(error.code, error.message, { cause: error });
  const message = truncateUtf8(error instanceof Error ? error.message : String(error), messageLimit, '…');
  if (error instanceof MongoServerError) {
    const code = String(error.code ?? error.codeName ?? error.name);
    return new SourceError(named.get(code) ?? code, message, { cause: error });
  }
  return error instanceof MongoError ? new SourceError('network', message, { cause: error }) : error;
}
