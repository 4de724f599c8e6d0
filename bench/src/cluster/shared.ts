import { startTemporary } from '@watchbell/mongod';
import type { Bench } from '../bench';

/** A mongod that the subjects of a workload share, each with a database of its own; gone when the workload is done. */
export async function onMongod<T>(
  bench: Bench,
  work: (place: { mongodbUrl: string; mongodPid: number }) => Promise<T>,
): Promise<T> {
  const mongod = await startTemporary({ onProgress: sentence => bench.say(sentence) });
  try {
    return await work({ mongodbUrl: mongod.url, mongodPid: mongod.pid });
  } finally {
    await mongod.stop();
  }
}
