import { afterAll, beforeAll } from 'vitest';
import { Database } from '../../../app/repository/database';
import { attach } from '../../simulation/model/client';
import { directLink } from '../../simulation/model/directLink';
import { ModelServer } from '../../simulation/model/server';
import { testDatabaseUrl } from '../../support/database';
import { modelHosts } from './eitherDriver';

/** A database to which the same is done as to the other. */
export interface World {
  readonly name: 'mongod' | 'model';
  readonly database: Database;
}

const limits = { name: 'contract', operationMs: 10_000, serverSelectionMs: 3000, appName: 'contract' };

/** A database on the run's mongod and one in the model, with all collections and indexes. */
export function useWorlds(): readonly [World, World] {
  const server = new ModelServer({ now: () => performance.timeOrigin + performance.now() });
  const detach = attach(modelHosts, { server, link: directLink(server) });
  const mongod = new Database({ url: testDatabaseUrl(), ...limits });
  const model = new Database({ url: `mongodb://${modelHosts}/contract`, ...limits });
  beforeAll(async () => {
    await Promise.all([mongod.ensureIndexes(), model.ensureIndexes()]);
  });
  afterAll(async () => {
    await mongod.db.dropDatabase();
    await Promise.all([mongod.close(), model.close()]);
    detach();
  });
  return [
    { name: 'mongod', database: mongod },
    { name: 'model', database: model },
  ];
}
