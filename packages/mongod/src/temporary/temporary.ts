import type { MongoClient } from 'mongodb';
import { initiate, onNode, waitForPrimary } from '../run/replicaSet';
import { TemporaryNode } from './node';
import type { Embedded, TemporaryOptions } from './types';

const setName = 'rs0';

/** A single-node replica set without users, gone at stop(). */
export async function startTemporary(options: TemporaryOptions = {}): Promise<Embedded> {
  const node = await TemporaryNode.start(options, [`--replSet=${setName}`, '--oplogSize=256'], `replicaSet=${setName}`);
  const { address, port } = node;
  const config = { _id: setName, members: [{ _id: 0, host: `${address}:${port}` }] };
  const begin = async (client: MongoClient) => {
    await initiate(client, config);
    await waitForPrimary(client, 20_000);
  };
  await onNode(port, null, begin, address);
  return node;
}

/** A mongod that is no replica set: what Watchbell must refuse. */
export async function startStandalone(options: TemporaryOptions = {}): Promise<Embedded> {
  return await TemporaryNode.start(options, [], '');
}
