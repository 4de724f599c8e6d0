import { setTimeout as sleep } from 'node:timers/promises';
import { type MongoClient, MongoServerError } from 'mongodb';
import { MongodError } from '../errors';
import { initiate, moveToPort, onNode, waitForPrimary } from '../run/replicaSet';
import type { EmbeddedSettings } from './dataFolder';

export const setName = 'watchbell';
const primaryMs = 60_000;

/** The first set-up of an empty database, through mongod's localhost exception: it ends with the first user. */
export async function setUpFirst(settings: EmbeddedSettings): Promise<void> {
  await onNode(settings.port, null, async client => {
    await initiate(client, { _id: setName, members: [{ _id: 0, host: `127.0.0.1:${settings.port}` }] });
    await waitForPrimary(client, primaryMs);
    await client
      .db('admin')
      .command({ createUser: settings.user, pwd: settings.password, roles: ['root'], writeConcern: { w: 'majority' } });
  });
}

/** Makes a database that was set up earlier usable at its present port. Answers its version and pid. */
export async function setUpAgain(settings: EmbeddedSettings): Promise<{ version: string; pid: number }> {
  return await onNode(settings.port, settings, async client => {
    await whenConfigured(client, () => moveToPort(client, settings.port));
    await waitForPrimary(client, primaryMs);
    const status = await client.db('admin').command({ serverStatus: 1, repl: 0, metrics: 0, locks: 0 });
    return { version: String(status['version']), pid: Number(status['pid']) };
  });
}

/**
 * Lets this line of MongoDB use its own data format. Without it, the next line but one would refuse the folder.
 * The version must be noted before: an older line cannot read the folder afterwards.
 */
export async function raiseFormat(settings: EmbeddedSettings, line: string): Promise<void> {
  await onNode(settings.port, settings, async client => {
    const admin = client.db('admin');
    const answer = await admin.command({ getParameter: 1, featureCompatibilityVersion: 1 });
    if (answer['featureCompatibilityVersion']?.version === line) return;
    const confirm = Number(line.split('.')[0]) >= 7 ? { confirm: true } : {};
    await admin.command({ setFeatureCompatibilityVersion: line, ...confirm, writeConcern: { w: 'majority' } });
  });
}

/** mongod listens a moment before it has read its set's configuration. */
async function whenConfigured(client: MongoClient, fn: () => Promise<unknown>): Promise<void> {
  const notYetInitialized = 94;
  const deadline = performance.now() + primaryMs;
  for (;;) {
    try {
      await fn();
      return;
    } catch (error) {
      const early = error instanceof MongoServerError && error.code === notYetInitialized;
      if (!early) throw error;
      if (performance.now() > deadline) throw new MongodError('mongod has not read its configuration in time.');
    }
    await client.db('admin').command({ ping: 1 });
    await sleep(20);
  }
}
