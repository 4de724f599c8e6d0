import {
  type ClientSession,
  type Collection,
  type Db,
  MongoClient,
  type MongoClientOptions,
  MongoError,
  ReadConcern,
  type TransactionOptions,
} from 'mongodb';
import { SettingsError, UnavailableError } from '../domain/errors';
import { models } from '../model';
import { inTransaction } from './transaction';
import { type IdDocument, versioned, WrittenSchema } from './versioned';

export interface DatabaseOptions {
  url: string;
  /** Database name where the URL names none. */
  name: string;
  /** Limit of every operation in ms, server selection and pool included. */
  operationMs: number;
  serverSelectionMs: number;
  appName: string;
}

/** Read options of everything that must see each acknowledged majority write. */
export const primaryMajority = { readPreference: 'primary', readConcern: { level: 'majority' } } as const;

/** A commit takes its concern from here or else from the client's options, where the URL has a say. */
const transactionOptions: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  readPreference: 'primary',
  writeConcern: { w: 'majority', journal: true },
};

/**
 * The one handle on MongoDB. Concern and preference are set here and per operation, never taken from the URL.
 * After its first connection the driver connects again by itself, whatever the outage.
 */
export class Database {
  readonly client: MongoClient;
  readonly db: Db;
  /** In which form this process writes; membership decides. */
  readonly written = new WrittenSchema();

  constructor(private readonly options: DatabaseOptions) {
    const inUrl = new URL(options.url.replace(/^mongodb(\+srv)?:/, 'http:').replace(/,[^/]*/, '')).pathname.slice(1);
    const name = inUrl === '' ? options.name : inUrl;
    const clientOptions: MongoClientOptions = {
      appName: appNameIn(name, options.appName),
      retryWrites: true,
      retryReads: true,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      serverSelectionTimeoutMS: options.serverSelectionMs,
      connectTimeoutMS: options.serverSelectionMs,
      timeoutMS: options.operationMs,
      maxPoolSize: 50,
      ignoreUndefined: true,
    };
    this.client = new MongoClient(options.url, clientOptions);
    this.db = this.client.db(name, {
      writeConcern: { w: 'majority', journal: true },
      readConcern: new ReadConcern('majority'),
      readPreference: 'primary',
    });
  }

  /** The collection of a model; documents are stamped when they are written, and go through `parse` of that model when they are read. */
  collection(model: { readonly collection: string }): Collection<IdDocument> {
    return versioned(this.db.collection<IdDocument>(model.collection), this.written);
  }

  /**
   * Runs fn in one transaction, again after a write conflict, all within limitMs (operationMs).
   * fn must pass the session to each operation and have no effect outside MongoDB.
   */
  async transaction<T>(
    fn: (session: ClientSession) => Promise<T>,
    limitMs: number = this.options.operationMs,
  ): Promise<T> {
    return await this.client.withSession({ defaultTimeoutMS: Math.ceil(limitMs) }, session =>
      inTransaction(session, fn, transactionOptions, limitMs),
    );
  }

  /** One causally consistent session: a majority read in it sees at least what its own majority write saw. */
  async causally<T>(fn: (session: ClientSession) => Promise<T>): Promise<T> {
    return await this.client.withSession({ causalConsistency: true }, fn);
  }

  /**
   * The first connection, to be tried until it works: the driver does not look for a server any more whose client could
   * not reach one at first. Does nothing once it has worked.
   */
  async connect(): Promise<void> {
    await this.client.connect();
  }

  /** Refuses what Watchbell cannot be right on; the sentence says what to use. Throws SettingsError. */
  async assertReplicaSet(): Promise<void> {
    const hello = await this.db.admin().command({ hello: 1 });
    if (hello['msg'] === 'isdbgrid') {
      throw new SettingsError('MONGODB_URL points at a mongos; Watchbell needs a replica set (one node is enough).');
    }
    if (typeof hello['setName'] !== 'string') {
      throw new SettingsError(
        'MONGODB_URL points at a standalone mongod; Watchbell needs a replica set (one node is enough: start it with --replSet and run rs.initiate()).',
      );
    }
    if (typeof hello['maxWireVersion'] === 'number' && hello['maxWireVersion'] < 17) {
      throw new SettingsError('MONGODB_URL points at a MongoDB older than 6.0; Watchbell needs 6.0 or newer.');
    }
  }

  /** Creates collections (a transaction cannot) and their indexes; safe to run on many members at once. */
  async ensureIndexes(): Promise<void> {
    const existing = new Set((await this.db.listCollections({}, { nameOnly: true }).toArray()).map(c => c.name));
    for (const model of models) {
      if (!existing.has(model.collection)) await this.createCollection(model.collection);
      if (model.indexes.length > 0) await this.db.collection(model.collection).createIndexes(model.indexes);
    }
  }

  async close(): Promise<void> {
    await this.client.close(true);
  }

  private async createCollection(name: string): Promise<void> {
    try {
      await this.db.createCollection(name);
    } catch (error) {
      const namespaceExists = 48;
      if (!(error instanceof MongoError && error.code === namespaceExists)) throw error;
    }
  }
}

/** What the server calls the connections of a program to one of its databases: several installations may share a server. */
export function appNameIn(database: string, appName: string): string {
  return `${appName} ${database}`;
}

/** The server answered that a unique key is taken. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoError && error.code === 11000;
}

/** What the driver throws where it has no server, no connection or no time left. */
const awayNames =
  /^Mongo(ServerSelection|Network|OperationTimeout|PoolCleared|PoolClosed|NotConnected|TopologyClosed|ServerClosed|ClientClosed|WaitQueueTimeout|ExpiredSession|StalePrimary)/;
/** What a server answers that is no primary now or shuts down: the retryable codes of the driver's specification. */
const awayCodes: unknown[] = [6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];
/** Said of a server that was just lost and of which nothing is known any more; the start has refused one without sessions. */
const withoutSessions = 'Current topology does not support sessions';
const awayLabels = ['RetryableWriteError', 'TransientTransactionError', 'UnknownTransactionCommitResult'];

/** MongoDB did not answer, or not in time: whether a write happened is unknown. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false;
  if (awayNames.test(error.name) || awayCodes.includes(error.code) || error.message === withoutSessions) return true;
  return awayLabels.some(label => error.hasErrorLabel(label));
}

/** For the API: what MongoDB's absence means to a client. Other errors come back unchanged. */
export function asUnavailable(error: unknown): unknown {
  return isAway(error)
    ? new UnavailableError('MongoDB does not answer; nothing is lost, send the same request again.', error)
    : error;
}
