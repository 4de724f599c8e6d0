import { randomBytes } from 'node:crypto';
import { type Document, MongoClient } from 'mongodb';
import { Database } from '../../app/repository/database';
import { Transactions } from '../../app/repository/transactions';
import { TokenService } from '../../app/service/tokens';
import { ApiClient } from './apiClient';
import { Host, type HostOptions, uniqueHostId } from './cluster';

/** Several hosts on one MongoDB, a client of each, and numbers that checks read. */
export class ClusterWorld {
  readonly hosts: Host[] = [];
  readonly database: Database;
  token = '';
  private readonly numbers: MongoClient;
  private readonly numbersName = `nb_${randomBytes(6).toString('hex')}`;

  /** The numbers may live on a MongoDB of their own, so that they outlast an outage of Watchbell's. */
  constructor(
    readonly mongodbUrl: string,
    private readonly numbersUrl: string = mongodbUrl,
  ) {
    this.database = new Database({
      url: mongodbUrl,
      name: 'unused',
      operationMs: 20_000,
      serverSelectionMs: 5000,
      appName: 'test',
    });
    this.numbers = new MongoClient(numbersUrl);
  }

  /** The collection that checks read, as MongoDB names it. */
  get numbersNamespace(): string {
    return `${this.numbersName}.numbers`;
  }

  /** Makes the token that the clients use; MongoDB must be there. */
  async prepare(): Promise<this> {
    await this.database.ensureIndexes();
    const token = { name: 'test', role: 'admin' as const, scopes: [], jobs: [], expiresAt: null };
    this.token = (await new TokenService(this.database).create(token, 'test')).token;
    return this;
  }

  host(name: string, options: Partial<HostOptions> = {}): Host {
    const host = new Host({ hostId: uniqueHostId(name), mongodbUrl: this.mongodbUrl, ...options });
    this.hosts.push(host);
    return host;
  }

  /** Starts hosts side by side and waits until all are ready. */
  async start(...names: string[]): Promise<Host[]> {
    return await Promise.all(names.map(name => this.host(name).start()));
  }

  client(host: Host): ApiClient {
    return new ApiClient(() => host.url, this.token);
  }

  /** The first host's client. */
  get api(): ApiClient {
    const [host] = this.hosts;
    if (host === undefined) throw new Error('no host');
    return this.client(host);
  }

  /** Defines the source `numbers`: documents {series, value} that setNumber writes. */
  async defineNumbers(): Promise<void> {
    await this.api.must('PUT', '/api/v1/sources/numbers', this.numbersSource());
  }

  /** The body of a source that reads what setNumber writes. */
  numbersSource(): Record<string, unknown> {
    const seen = this.numbersUrl === this.mongodbUrl ? this.hosts[0]?.options.mongodbUrl : undefined;
    const url = new URL((seen ?? this.numbersUrl).replace(/^mongodb:/, 'http:'));
    url.pathname = `/${this.numbersName}`;
    return {
      kind: 'mongodb',
      url: url.toString().replace(/^http:/, 'mongodb:'),
      database: this.numbersName,
      readPreference: 'primary',
      maxConcurrent: 100,
    };
  }

  /** What the check over `series` reads from now on. */
  async setNumber(series: string, value: number): Promise<void> {
    await this.numbers
      .db(this.numbersName)
      .collection('numbers')
      .updateOne({ series }, { $set: { value } }, { upsert: true, writeConcern: { w: 'majority' } });
  }

  /** A check over `series` that fires above 100; what a test is about is given over it. */
  check(series: string, over: Record<string, unknown> = {}): Record<string, unknown> {
    const pipeline: Document[] = [{ $match: { series } }, { $project: { _id: 0, value: 1 } }];
    return {
      kind: 'check',
      title: series,
      schedule: { everyMs: 1000 },
      check: {
        source: 'numbers',
        query: { collection: 'numbers', pipeline },
        rule: { op: '>', threshold: 100, noData: 'ok' },
      },
      notify: { channels: [] },
      ...over,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.hosts.map(host => host.remove()));
    // What killed workers had open would keep the database from being dropped for up to a minute.
    await new Transactions(this.database, ['watchbell-worker', 'watchbell-agent']).endAbandoned(0);
    await this.numbers.db(this.numbersName).dropDatabase();
    await this.numbers.close();
    await this.database.db.dropDatabase();
    await this.database.close();
  }
}
