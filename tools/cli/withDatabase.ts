import { Database } from '../../app/repository/database';
import { environmentSchema } from '../../config/settings';

/** Opens the database for one command and closes it again. Throws SettingsError where Watchbell cannot run on it. */
export async function withDatabase<T>(
  env: NodeJS.ProcessEnv,
  url: string,
  fn: (database: Database) => Promise<T>,
): Promise<T> {
  const name = environmentSchema.shape.WATCHBELL_DATABASE.parse(env['WATCHBELL_DATABASE'] || undefined);
  const limits = { operationMs: 15_000, serverSelectionMs: 10_000 };
  const database = new Database({ url, name, ...limits, appName: 'watchbell-command' });
  try {
    await database.assertReplicaSet();
    await database.ensureIndexes();
    return await fn(database);
  } finally {
    await database.close();
  }
}
