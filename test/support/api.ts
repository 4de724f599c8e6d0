import { createServer, type Server } from 'node:http';
import path from 'node:path';
import mock from 'egg-mock';
import type { Collection, Document } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { Database } from '../../app/repository/database';
import { type Role, TokenService } from '../../app/service/tokens';
import type { ApiWatchbell } from './composeApi';
import { testDatabaseUrl } from './database';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed JSON; undefined for an empty answer. */
  body: unknown;
}

export interface CallOptions {
  body?: unknown;
  /** Sent as it is instead of `body`. */
  raw?: string | Buffer;
  type?: string;
  token?: string | null;
  headers?: Record<string, string>;
}

const port = z.object({ port: z.number() });

/** A real Egg application with the real routes on a database of its own. */
export class Api {
  readonly url: string;
  readonly database: Database;
  readonly tokens: Record<Role, string> = { viewer: '', operator: '', admin: '' };
  private origin = '';
  private server: Server | null = null;
  private app: ReturnType<typeof mock.app> | null = null;

  constructor(url: string | null) {
    this.url = url ?? testDatabaseUrl();
    const options = { name: 'unused', operationMs: 10_000, serverSelectionMs: 3000, appName: 'test' };
    this.database = new Database({ url: this.url, ...options });
  }

  /** The composition inside of Egg: what was announced, and its log. */
  get watchbell(): ApiWatchbell {
    if (this.app === null) throw new Error('the application is not started');
    const watchbell: unknown = Reflect.get(this.app, 'watchbell');
    if (!isComposition(watchbell)) throw new Error('the application has no composition');
    return watchbell;
  }

  /** What is stored, beside the API. */
  collection(name: string): Collection<Document & { _id: string }> {
    return this.database.db.collection(name);
  }

  async start(): Promise<void> {
    process.env['EGG_TYPESCRIPT'] = 'true';
    process.env['WATCHBELL_TEST_API_URL'] = this.url;
    this.app = mock.app({ baseDir: path.join(__dirname, 'apiApp'), cache: false });
    await this.app.ready();
    const server = createServer(this.app.callback());
    this.server = server;
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${port.parse(server.address()).port}`;
  }

  async makeTokens(): Promise<void> {
    const service = new TokenService(this.database);
    for (const role of ['viewer', 'operator', 'admin'] as const) {
      const fields = { name: role, role, scopes: [], jobs: [], expiresAt: null };
      this.tokens[role] = (await service.create(fields, 'test')).token;
    }
  }

  /** Calls as an admin unless told otherwise. */
  async call(method: string, url: string, options: CallOptions = {}): Promise<Answer> {
    const { body, raw, type = 'application/json', token = this.tokens.admin, headers = {} } = options;
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.origin + url, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(sent === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : new Uint8Array(sent) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  get = (url: string, options?: CallOptions) => this.call('GET', url, options);
  put = (url: string, body: unknown, options?: CallOptions) => this.call('PUT', url, { body, ...options });
  patch = (url: string, body: unknown, options?: CallOptions) => this.call('PATCH', url, { body, ...options });
  post = (url: string, body?: unknown, options?: CallOptions) => this.call('POST', url, { body, ...options });
  delete = (url: string, options?: CallOptions) => this.call('DELETE', url, options);

  async stop(): Promise<void> {
    const server = this.server;
    if (server !== null) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
    await this.app?.close();
    await this.database.close();
  }
}

/** An API for a test file, with tokens of each role. */
export function useApi(): Api {
  const api = new Api(null);
  beforeAll(async () => {
    await api.database.ensureIndexes();
    await api.makeTokens();
    await api.start();
  });
  afterAll(async () => {
    await api.database.db.dropDatabase();
    await api.stop();
  });
  return api;
}

const problem = z.object({
  status: z.number(),
  title: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

/** What an answer complains of; fails where it is no problem. */
export function problemOf(answer: Answer): z.output<typeof problem> {
  if (answer.headers.get('content-type') !== 'application/problem+json; charset=utf-8') {
    throw new Error(`no problem: ${answer.status} ${answer.text.slice(0, 500)}`);
  }
  return problem.parse(answer.body);
}

/** One field of an answer. */
export function field(answer: Answer, name: string): unknown {
  return z.record(z.string(), z.unknown()).parse(answer.body)[name];
}

/** The items of a list. */
export function itemsOf(answer: Answer): Record<string, unknown>[] {
  return z.object({ items: z.array(z.record(z.string(), z.unknown())) }).parse(answer.body).items;
}

function isComposition(value: unknown): value is ApiWatchbell {
  return typeof value === 'object' && value !== null && 'announced' in value && 'definitions' in value;
}
