import { aggregated } from './aggregate';
import { Collection } from './collection';
import { Connection } from './connection';
import { ListCursor } from './cursor';
import { type CommonOptions, refuseUnknown } from './options';
import { commandError } from './real';
import { ClientSession, type SessionOptions } from './session';
import { type Doc, type Endpoint, type Execute, UnsupportedError } from './types';
import { copy, isDoc } from './values';

const endpoints = new Map<string, Endpoint>();
const clientOptions = [
  'appName',
  'retryWrites',
  'retryReads',
  'serverSelectionTimeoutMS',
  'connectTimeoutMS',
  'maxPoolSize',
  'ignoreUndefined',
];

/**
 * Says where a host name leads: code under test builds its clients from URLs, each process of a simulation has a host
 * name of its own. Answers how to take it back.
 */
export function attach(host: string, endpoint: Endpoint): () => void {
  endpoints.set(host, endpoint);
  return () => {
    endpoints.delete(host);
  };
}

export interface ClientOptions {
  appName?: string;
  retryWrites?: boolean;
  retryReads?: boolean;
  ignoreUndefined?: boolean;
  timeoutMS?: number;
}

export class MongoClient {
  readonly options: { hosts: string[] };
  private readonly connection: Connection;
  private readonly limitMs: number | null;
  private readonly active = new Set<ClientSession>();

  constructor(url: string, options: ClientOptions = {}) {
    refuseUnknown(options, 'MongoClient', clientOptions);
    if (options.retryWrites === false || options.retryReads === false || options.ignoreUndefined === false) {
      throw new UnsupportedError('a client that asks only once, or stores what is undefined');
    }
    const { host } = new URL(url.replace(/^mongodb:/, 'http:'));
    const endpoint = endpoints.get(host);
    if (endpoint === undefined) throw new UnsupportedError(`the host ${host}: attach() it first`);
    this.connection = new Connection(endpoint, options.appName ?? '');
    this.limitMs = options.timeoutMS ?? null;
    this.options = { hosts: [host] };
  }

  async connect(): Promise<this> {
    await this.connection.send(request('hello', this.limitMs), () => null);
    return this;
  }

  /** `timeoutMS: undefined` takes the client's limit off. */
  db(name: string, options: CommonOptions = {}): Db {
    refuseUnknown(options, 'db');
    return new Db(this.connection, name, 'timeoutMS' in options ? (options.timeoutMS ?? null) : this.limitMs);
  }

  startSession(options: SessionOptions = {}): ClientSession {
    const session = new ClientSession(this.connection, options);
    this.active.add(session);
    return session;
  }

  async withSession<T>(
    ...given: [SessionOptions, (session: ClientSession) => Promise<T>] | [(session: ClientSession) => Promise<T>]
  ): Promise<T> {
    const [options, run] = given.length === 1 ? [{}, given[0]] : given;
    const session = this.startSession(options);
    try {
      return await run(session);
    } finally {
      await session.endSession();
      this.active.delete(session);
    }
  }

  async close(_force?: boolean): Promise<void> {
    for (const session of this.active) await session.endSession();
    this.connection.closed = true;
  }
}

export class Db {
  constructor(
    private readonly connection: Connection,
    readonly databaseName: string,
    private readonly limitMs: number | null,
  ) {}

  collection(name: string, options: CommonOptions = {}): Collection {
    refuseUnknown(options, 'collection');
    return new Collection(this.connection, `${this.databaseName}.${name}`, name, this.limitMs);
  }

  admin(): Db {
    return new Db(this.connection, 'admin', this.limitMs);
  }

  async command(command: Doc, options: CommonOptions = {}): Promise<Doc> {
    refuseUnknown(options, 'command');
    const [name = ''] = Object.keys(command);
    const limitMs = options.timeoutMS ?? this.limitMs;
    return await this.connection.send({ ...request(name, limitMs), session: options.session }, () =>
      this.run(name, command),
    );
  }

  /** Only `$currentOp` and what follows it. */
  aggregate(pipeline: readonly Doc[], options: CommonOptions = {}): ListCursor {
    refuseUnknown(options, 'aggregate');
    const [first, ...rest] = copy([...pipeline]);
    if (first === undefined || !isDoc(first['$currentOp']))
      throw new UnsupportedError('an aggregation of no collection');
    const { server } = this.connection;
    const execute: Execute<Doc[]> = () => copy([...aggregated(server.idleSessions(), rest, server.now())]);
    const limitMs = options.timeoutMS ?? this.limitMs;
    return new ListCursor(() => this.connection.send(request('aggregate', limitMs, true), execute));
  }

  listCollections(filter: Doc = {}, options: { nameOnly?: boolean } = {}): ListCursor {
    refuseUnknown(options, 'listCollections', ['nameOnly']);
    if (Object.keys(filter).length > 0) throw new UnsupportedError('a filter of listCollections');
    const execute = () => this.connection.server.collections(this.databaseName).map(name => ({ name }));
    return new ListCursor(() => this.connection.send(request('listCollections', this.limitMs, true), execute));
  }

  async createCollection(name: string): Promise<Collection> {
    const namespace = `${this.databaseName}.${name}`;
    await this.connection.send(request('create', this.limitMs), () => {
      if (this.connection.server.has(namespace)) {
        throw commandError({
          code: 48,
          codeName: 'NamespaceExists',
          errmsg: `Collection ${namespace} already exists.`,
        });
      }
      return this.connection.server.table(namespace).name;
    });
    return this.collection(name);
  }

  async dropDatabase(): Promise<boolean> {
    await this.connection.send(request('dropDatabase', this.limitMs), () =>
      this.connection.server.drop(this.databaseName),
    );
    return true;
  }

  private run(name: string, command: Doc): Doc {
    const { server } = this.connection;
    if (name === 'ping') return { ok: 1 };
    if (name === 'hello') {
      return { ok: 1, setName: 'model', isWritablePrimary: true, maxWireVersion: 17, localTime: server.now() };
    }
    if (name === 'killSessions' && Array.isArray(command[name])) {
      server.killSessions(command[name].map(one => (isDoc(one) ? one['id'] : undefined)));
      return { ok: 1 };
    }
    throw new UnsupportedError(`the command ${name}`);
  }
}

function request(name: string, limitMs: number | null, retryable = false) {
  return { name, collection: null, write: false, retryable, limitMs };
}
