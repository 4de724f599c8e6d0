import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../errors';
import { resolveMongod } from '../resolve/resolveMongod';
import { initiate, onNode } from '../run/replicaSet';
import { TemporaryNode } from './node';
import type { Embedded, TemporaryOptions } from './types';

const setName = 'rs0';

export interface ReplicaSetOptions extends TemporaryOptions {
  /** How long a primary may be silent before another is elected, in ms. MongoDB's own default is 10,000. */
  electionTimeoutMs?: number;
}

/** Several nodes of one set, for tests of failover. */
export class TemporaryReplicaSet {
  private constructor(readonly nodes: readonly Embedded[]) {}

  static async start(size: number, options: ReplicaSetOptions): Promise<TemporaryReplicaSet> {
    const file = options.file ?? (await resolveMongod({ onProgress: options.onProgress })).file;
    const nodes: TemporaryNode[] = [];
    try {
      for (let index = 0; index < size; index++) {
        const args = [`--replSet=${setName}`, '--oplogSize=128'];
        nodes.push(await TemporaryNode.start({ ...options, file }, args, `replicaSet=${setName}`));
      }
      const set = new TemporaryReplicaSet(nodes);
      await set.initiate(options.electionTimeoutMs ?? 2000);
      await set.primary();
      return set;
    } catch (error) {
      await Promise.all(nodes.map(node => node.stop()));
      throw error;
    }
  }

  get url(): string {
    return `mongodb://${this.nodes.map(node => `127.0.0.1:${node.port}`).join(',')}/?replicaSet=${setName}`;
  }

  /** The node that takes writes; waits for an election where there is none. */
  async primary(timeoutMs = 30_000): Promise<Embedded> {
    const deadline = performance.now() + timeoutMs;
    let last = 'none was asked';
    while (performance.now() < deadline) {
      for (const node of this.nodes.filter(one => one.pid !== 0)) {
        const answer = await isPrimary(node).catch(error => reasonOf(error));
        if (answer === true) return node;
        last = String(answer);
      }
      await sleep(50);
    }
    throw new Error(`no primary within ${timeoutMs} ms (${last})`);
  }

  /** The primary gives up its place at once; answers the next primary. */
  async stepDown(): Promise<Embedded> {
    const old = await this.primary();
    await onNode(old.port, null, client =>
      client.db('admin').command({ replSetStepDown: 20, secondaryCatchUpPeriodSecs: 10 }),
    );
    return await this.primary();
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.stop()));
  }

  private async initiate(electionTimeoutMillis: number): Promise<void> {
    const members = this.nodes.map((node, index) => ({ _id: index, host: `127.0.0.1:${node.port}` }));
    const settings = { electionTimeoutMillis, heartbeatIntervalMillis: 500 };
    const [first] = this.nodes;
    if (first === undefined) throw new Error('a replica set needs a node');
    await onNode(first.port, null, client => initiate(client, { _id: setName, members, settings }));
  }
}

/** A replica set of `size` nodes in temporary folders, gone at stop(). */
export async function startReplicaSet(size = 3, options: ReplicaSetOptions = {}): Promise<TemporaryReplicaSet> {
  return await TemporaryReplicaSet.start(size, options);
}

async function isPrimary(node: Embedded): Promise<boolean> {
  return await onNode(node.port, null, async client => {
    const hello = await client.db('admin').command({ hello: 1 });
    return hello['isWritablePrimary'] === true;
  });
}
