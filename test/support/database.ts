import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, inject } from 'vitest';
import { Database } from '../../app/repository/database';

export interface TestDatabase {
  readonly database: Database;
  /** The URL with this file's own database name in it. */
  readonly url: string;
}

/** The URL of a database of its own on the run's mongod. */
export function testDatabaseUrl(): string {
  const url = new URL(inject('mongodbUrl').replace(/^mongodb:/, 'http:'));
  url.pathname = `/wb_${randomBytes(6).toString('hex')}`;
  if (url.username !== '' && !url.searchParams.has('authSource')) url.searchParams.set('authSource', 'admin');
  return url.toString().replace(/^http:/, 'mongodb:');
}

/** One database per test file, with all indexes, dropped at the end. */
export function useDatabase(): TestDatabase {
  const url = testDatabaseUrl();
  const database = new Database({ url, name: 'unused', operationMs: 10_000, serverSelectionMs: 3000, appName: 'test' });
  beforeAll(() => database.ensureIndexes());
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.close();
  });
  return { database, url };
}
