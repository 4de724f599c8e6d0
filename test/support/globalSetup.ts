import { type Embedded, startTemporary } from '@watchbell/mongod';
import type { TestProject } from 'vitest/node';

/** One real mongod for the whole run; WATCHBELL_TEST_MONGODB_URL uses one that runs already. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['WATCHBELL_TEST_MONGODB_URL'];
  if (given !== undefined) {
    project.provide('mongodbUrl', given);
    return async () => {};
  }
  const embedded: Embedded = await startTemporary();
  project.provide('mongodbUrl', embedded.url);
  return () => embedded.stop();
}

declare module 'vitest' {
  interface ProvidedContext {
    mongodbUrl: string;
  }
}
