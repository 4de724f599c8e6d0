import { afterAll, beforeAll } from 'vitest';
import { Database } from '../../../app/repository/database';
import { attach } from '../../simulation/model/client';
import { directLink } from '../../simulation/model/directLink';
import { ModelServer } from '../../simulation/model/server';
import { modelHosts } from './eitherDriver';

let hosts = 0;

/** As test/support/database, over a model of its own: what holds of the repositories over MongoDB holds over the model. */
export function useDatabase() {
  hosts += 1;
  const host = `n${hosts}.${modelHosts}`;
  const server = new ModelServer({ now: () => performance.timeOrigin + performance.now() });
  const detach = attach(host, { server, link: directLink(server) });
  const url = `mongodb://${host}/contract`;
  const database = new Database({ url, name: 'unused', operationMs: 10_000, serverSelectionMs: 3000, appName: 'test' });
  beforeAll(() => database.ensureIndexes());
  afterAll(async () => {
    await database.close();
    detach();
  });
  return { database, url };
}
