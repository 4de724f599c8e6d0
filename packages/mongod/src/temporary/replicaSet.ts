import { setTimeout as sleep } from 'node:timers/promises';
import type { Document } from 'mongodb';
import { reasonOf } from '../errors';
import { resolveMongod } from '../resolve/resolveMongod';
import { initiate, onNode } from '../run/replicaSet';
import { TemporaryNode } from './node';
import type { Embedded, TemporaryOptions } from './types';

const setName = 'rs0';

export interface ReplicaSetOptions extends TemporaryOptions {
  /** How long a primary may be silent before another is elected, in ms. MongoDB's own default is 10,000. */
  electionTimeoutMs?: number;
  /** Where each node stands, in their order; one that is left out stands on 127.0.0.1. Each must reach the others. */
  places?: readonly Pick<TemporaryOptions, 'address' | 'prefix'>[];
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
        nodes.push(
          await TemporaryNode.start({ ...options, ...options.places?.[index], file }, args, `replicaSet=${setName}`),
        );
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
    return `mongodb://${this.nodes.map(hostOf).join(',')}/?replicaSet=${setName}`;
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
    await command(old, { replSetStepDown: 20, secondaryCatchUpPeriodSecs: 10 });
    return await this.primary();
  }

  /** Makes this node the primary. */
  async stepUp(node: Embedded): Promise<void> {
    const deadline = performance.now() + 20_000;
    while ((await this.primary()) !== node) {
      if (performance.now() > deadline) throw new Error(`${hostOf(node)} does not become the primary`);
      // Refused while it is behind the others.
      await command(node, { replSetStepUp: 1 }).catch(() => sleep(200));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.stop()));
  }

  private async initiate(electionTimeoutMillis: number): Promise<void> {
    const members = this.nodes.map((node, index) => ({ _id: index, host: hostOf(node) }));
    const settings = { electionTimeoutMillis, heartbeatIntervalMillis: 500 };
    const [first] = this.nodes;
    if (first === undefined) throw new Error('a replica set needs a node');
    await onNode(first.port, null, client => initiate(client, { _id: setName, members, settings }), first.address);
  }
}

/** A replica set of `size` nodes in temporary folders, gone at stop(). */
export async function startReplicaSet(size = 3, options: ReplicaSetOptions = {}): Promise<TemporaryReplicaSet> {
  return await TemporaryReplicaSet.start(size, options);
}

async function isPrimary(node: Embedded): Promise<boolean> {
  return (await command(node, { hello: 1 }))['isWritablePrimary'] === true;
}

/** One command of its admin database. */
async function command(node: Embedded, asked: Document): Promise<Document> {
  return await onNode(node.port, null, client => client.db('admin').command(asked), node.address);
}

function hostOf({ address, port }: Embedded): string {
  return `${address}:${port}`;
}
