import { initiate, onNode, waitForPrimary } from '../run/replicaSet';
import { TemporaryNode } from './node';
import type { Embedded, TemporaryOptions } from './types';

const setName = 'rs0';

/** A single-node replica set without users, gone at stop(). */
export async function startTemporary(options: TemporaryOptions = {}): Promise<Embedded> {
  const node = await TemporaryNode.start(options, [`--replSet=${setName}`, '--oplogSize=256'], `replicaSet=${setName}`);
  await onNode(node.port, null, async client => {
    await initiate(client, { _id: setName, members: [{ _id: 0, host: `127.0.0.1:${node.port}` }] });
    await waitForPrimary(client, 20_000);
  });
  return node;
}

/** A mongod that is no replica set: what Watchbell must refuse. */
export async function startStandalone(options: TemporaryOptions = {}): Promise<Embedded> {
  return await TemporaryNode.start(options, [], '');
}
