import { randomBytes } from 'node:crypto';
import { Database } from '../../../app/repository/database';
import { Transactions } from '../../../app/repository/transactions';
import { TokenService } from '../../../app/service/tokens';
import { Host, type HostOptions } from '../../../tools/cluster/host';
import { projectRoot } from './serve';

const operationMs = 60_000;

/** Hosts of real processes on one database of a mongod, gone at close(). */
export class Stage {
  readonly hosts: Host[] = [];
  readonly database: Database;
  private readonly secretKey = randomBytes(32).toString('base64');
  /** With the name of its own database. */
  readonly url: string;

  constructor(mongodbUrl: string) {
    const url = new URL(mongodbUrl.replace(/^mongodb:/, 'http:'));
    url.pathname = `/bench_${randomBytes(4).toString('hex')}`;
    this.url = url.toString().replace(/^http:/, 'mongodb:');
    const limits = { operationMs, serverSelectionMs: 5000 };
    this.database = new Database({ url: this.url, name: 'unused', ...limits, appName: 'watchbell-bench' });
  }

  async prepare(): Promise<this> {
    await this.database.connect();
    await this.database.ensureIndexes();
    return this;
  }

  host(name: string, options: Partial<HostOptions> = {}): Host {
    const hostId = `${name}-${randomBytes(3).toString('hex')}`;
    const env = { WATCHBELL_DRILL: 'true', ...options.env };
    const { url: mongodbUrl, secretKey } = this;
    const host = new Host({ root: projectRoot, hostId, mongodbUrl, secretKey, ...options, env });
    this.hosts.push(host);
    return host;
  }

  /** A token that may do everything. */
  async token(): Promise<string> {
    const token = { name: 'bench', role: 'admin' as const, scopes: [], jobs: [], expiresAt: null };
    return (await new TokenService(this.database).create(token, 'bench')).token;
  }

  async close(): Promise<void> {
    for (const host of this.hosts.splice(0)) await host.remove();
    // What killed workers had open would keep the database from being dropped for up to a minute.
    await new Transactions(this.database, ['watchbell-worker', 'watchbell-agent']).endAbandoned(0);
    await this.database.db.dropDatabase();
    await this.database.close();
  }
}
