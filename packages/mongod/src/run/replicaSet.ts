import { setTimeout as sleep } from 'node:timers/promises';
import { type Document, MongoClient, MongoServerError } from 'mongodb';
import { MongodError, reasonOf } from '../errors';

export interface Credentials {
  user: string;
  password: string;
}

/** Connects to this one node, whatever its state, runs fn, closes. Each operation is limited to 10 s. */
export async function onNode<T>(
  port: number,
  credentials: Credentials | null,
  fn: (client: MongoClient) => Promise<T>,
  address = '127.0.0.1',
): Promise<T> {
  const client = new MongoClient(`mongodb://${address}:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: 5000,
    connectTimeoutMS: 5000,
    timeoutMS: 10_000,
    maxPoolSize: 2,
    appName: 'watchbell-mongod',
    ...(credentials === null
      ? {}
      : { auth: { username: credentials.user, password: credentials.password }, authSource: 'admin' }),
  });
  try {
    return await fn(client);
  } finally {
    await client.close();
  }
}

/** Makes the nodes a replica set; nothing happens where they are one already. */
export async function initiate(client: MongoClient, config: Document): Promise<void> {
  const alreadyInitialized = 23;
  try {
    await client.db('admin').command({ replSetInitiate: config });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === alreadyInitialized)) throw error;
  }
}

/** Gives a single-node set the port that it listens on now; answers whether that was needed. */
export async function moveToPort(client: MongoClient, port: number): Promise<boolean> {
  const { config } = await client.db('admin').command({ replSetGetConfig: 1 });
  const host = `127.0.0.1:${port}`;
  if (config.members.length === 1 && config.members[0].host === host) return false;
  const members = [{ ...config.members[0], host }];
  // Forced: no node of the old address is left that could agree.
  await client
    .db('admin')
    .command({ replSetReconfig: { ...config, members, version: config.version + 1 }, force: true });
  return true;
}

/** Waits until this node takes writes. */
export async function waitForPrimary(client: MongoClient, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = 'it is no primary';
  while (performance.now() < deadline) {
    try {
      const hello = await client.db('admin').command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) return;
    } catch (error) {
      last = reasonOf(error);
    }
    await sleep(20);
  }
  throw new MongodError(`mongod takes no writes after ${timeoutMs / 1000} s: ${last}.`);
}
