import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@watchbell/mongod';
import { MongoClient } from 'mongodb';
import { z } from 'zod';
import { deliveryModel } from '../../../app/model/delivery';
import { eventually } from '../../../tools/cluster/eventually';
import type { BenchApi } from './api';
import type { Stage } from './stage';

const limitMs = 40_000;
const lookMs = 200;
const hello = z.object({ localTime: z.date() });
const deliverySchema = z.object({ _id: z.string(), state: z.string(), fence: z.number(), claimedAt: z.date() });

interface Closed {
  job: string;
  /** MongoDB's time right after the answer, and right before the mute was ended. */
  from: Date;
  to: Date;
}

interface Call {
  id: string;
  fence: number;
}

/** Checks that fire and are told each second, to a receiver of our own. */
export class Loud {
  names: string[] = [];
  private readonly calls: Call[] = [];
  private readonly closed: Closed[] = [];
  private readonly numbersName = `numbers_${randomBytes(4).toString('hex')}`;

  private constructor(
    private readonly stage: Stage,
    private readonly api: BenchApi,
    private readonly numbers: MongoClient,
    private readonly server: Server,
  ) {
    server.on('request', (request, response) => {
      const { 'idempotency-key': id, 'watchbell-fence': fence } = request.headers;
      this.calls.push({ id: String(id), fence: Number(fence) });
      request.resume();
      response.writeHead(200).end();
    });
  }

  static async start(stage: Stage, api: BenchApi): Promise<Loud> {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
    const loud = new Loud(stage, api, await MongoClient.connect(stage.url), server);
    await api.call('PUT', '/api/v1/channels/hook', { kind: 'webhook', url: `http://127.0.0.1:${port}/` });
    await loud.defineNumbers();
    return loud;
  }

  async define(many: number): Promise<void> {
    this.names = Array.from({ length: many }, (_, index) => `loud-${index}`);
    for (const name of this.names) {
      await this.api.call('PUT', `/api/v1/jobs/${name}`, {
        kind: 'check',
        title: name,
        schedule: { everyMs: 1000 },
        check: {
          source: 'numbers',
          query: { collection: 'numbers', pipeline: [{ $project: { _id: 0, value: 1 } }] },
          rule: { op: '>', threshold: 100, noData: 'ok' },
        },
        notify: { channels: ['hook'], repeatMs: 1000 },
      });
    }
  }

  /** Closes a job, waits until two messages were held, opens it again; answers how long /close took. */
  async muteOnce(job: string): Promise<number> {
    await this.delivered(job, 'sent', await this.databaseTime(), 1);
    const { tookMs } = await this.api.call('POST', `/close?name=${job}`);
    const from = await this.databaseTime();
    await this.delivered(job, 'muted', from, 2);
    this.closed.push({ job, from, to: await this.databaseTime() });
    await this.api.call('POST', `/open?name=${job}`);
    return tookMs;
  }

  /** Messages that were claimed while their job was closed, and arrived. */
  async sentAfterAnswer(): Promise<number> {
    let count = 0;
    for (const { job, from, to } of this.closed) {
      const claimedAt = { $gt: from, $lt: to };
      const stored = await this.deliveries().find({ job, claimedAt }).toArray();
      const sent = stored
        .map(document => deliverySchema.parse(document))
        .filter(
          ({ _id, state, fence }) =>
            state === 'sent' || this.calls.some(call => call.id === _id && call.fence === fence),
        );
      count += sent.length;
    }
    return count;
  }

  /** Messages that members of this host have held. */
  async heldBy(hostId: string): Promise<number> {
    return await this.deliveries().countDocuments({ state: 'muted', member: { $regex: `^${hostId}:` } });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.numbers.db(this.numbersName).dropDatabase();
    await this.numbers.close();
  }

  private deliveries() {
    return this.stage.database.collection(deliveryModel);
  }

  private async delivered(job: string, state: string, since: Date, many: number): Promise<void> {
    const wanted = { job, state, claimedAt: { $gt: since } };
    const look = async () => {
      await sleep(lookMs);
      return (await this.deliveries().countDocuments(wanted)) >= many;
    };
    await eventually(`${job} is ${state}`, look, limitMs);
  }

  private async defineNumbers(): Promise<void> {
    await this.numbers.db(this.numbersName).collection('numbers').insertOne({ value: 500 });
    const url = new URL(this.stage.url.replace(/^mongodb:/, 'http:'));
    url.pathname = `/${this.numbersName}`;
    await this.api.call('PUT', '/api/v1/sources/numbers', {
      kind: 'mongodb',
      url: url.toString().replace(/^http:/, 'mongodb:'),
      database: this.numbersName,
      readPreference: 'primary',
      maxConcurrent: 100,
    });
  }

  private async databaseTime(): Promise<Date> {
    return hello.parse(await this.stage.database.db.command({ hello: 1 })).localTime;
  }
}
