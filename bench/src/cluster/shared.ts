import { startTemporary } from '@watchbell/mongod';
import { MongoClient } from 'mongodb';
import type { Bench } from '../bench';

/** So that a workload's documents stay in memory: a mongod for tests has a quarter of a GB, by its own default it takes half of all. */
const roomy = { setParameter: 1, wiredTigerEngineRuntimeConfig: 'cache_size=2G' };

/** A mongod that the subjects of a workload share, each with a database of its own; gone when the workload is done. */
export async function onMongod<T>(
  bench: Bench,
  work: (place: { mongodbUrl: string; mongodPid: number }) => Promise<T>,
): Promise<T> {
  const mongod = await startTemporary({ onProgress: sentence => bench.say(sentence) });
  try {
    const client = await new MongoClient(mongod.url).connect();
    await client
      .db('admin')
      .command(roomy)
      .finally(() => client.close());
    return await work({ mongodbUrl: mongod.url, mongodPid: mongod.pid });
  } finally {
    await mongod.stop();
  }
}
