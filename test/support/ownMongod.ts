import { randomBytes } from 'node:crypto';
import { type Embedded, startTemporary } from '@watchbell/mongod';
import { MongoClient } from 'mongodb';

export interface Delay {
  /** Only of these commands, such as `aggregate`. */
  commands: string[];
  /** Only on this collection, `database.collection`. */
  namespace: string;
  ms: number;
}

/** A mongod of one test file alone: it can be killed, paused, and told to answer certain commands late. */
export class OwnMongod {
  /** The URL with a database of its own in it. */
  readonly url: string;
  private readonly client: MongoClient;

  private constructor(readonly node: Embedded) {
    this.url = node.url.replace('/?', `/wb_${randomBytes(4).toString('hex')}?`);
    this.client = new MongoClient(node.url);
  }

  static async start(): Promise<OwnMongod> {
    return new OwnMongod(await startTemporary({ parameters: { enableTestCommands: 1 } }));
  }

  /** MongoDB's own failpoint: the connection waits before the command is done. One delay at a time. */
  async delay({ commands, namespace, ms }: Delay): Promise<void> {
    const data = { failCommands: commands, namespace, blockConnection: true, blockTimeMS: ms };
    await this.client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data });
  }

  async noDelay(): Promise<void> {
    await this.client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.node.stop();
  }
}
