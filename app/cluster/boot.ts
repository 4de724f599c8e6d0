import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError } from '../domain/errors';
import { errorFields, type Log } from '../domain/log';
import type { Database } from '../repository/database';
import { SchemaVersions } from '../repository/schemaVersions';

const retryMs = 1000;

/**
 * Runs step until it works: MongoDB may be away at the start and come later. A SettingsError ends it, because waiting
 * would not help. `stopped` ends it in good order.
 */
export async function untilItWorks(step: () => Promise<void>, log: Log, stopped: AbortSignal): Promise<void> {
  for (;;) {
    if (stopped.aborted) return;
    try {
      return await step();
    } catch (error) {
      if (error instanceof SettingsError) throw error;
      log.warn('boot.waiting', errorFields(error));
    }
    await sleep(retryMs, undefined, { signal: stopped }).catch(() => undefined);
  }
}

/** What every member checks before it does anything. */
export async function prepareDatabase(database: Database, assertKey: () => Promise<void>): Promise<void> {
  await database.connect();
  await database.assertReplicaSet();
  // Before the indexes: those of an older version do not belong into newer data.
  await new SchemaVersions(database).assertReadable();
  await database.ensureIndexes();
  await assertKey();
}

/** Waits for work, but no longer than limitMs: the server comes up without MongoDB and says so on /readyz. */
export async function atMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  const timer = new AbortController();
  try {
    await Promise.race([work, sleep(limitMs, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
