import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort, type RunningEmbedded, stopEmbedded } from '@watchbell/mongod';
import { readSettings } from '../../config/settings';
import { canInstallPackages } from '../apt';
import { firstAdminToken } from '../cli/firstToken';
import { CommandError } from '../errors';
import { prepareDatabase } from '../server/database';
import { type Installation, installationOf } from '../server/installation';
import { launchServer } from '../server/launch';
import { originOf } from '../server/readiness';
import { stopServer } from '../server/stop';
import type { AccessLog } from './accessLog';
import { findClickHouse } from './clickhouse';
import { installClickHouse } from './clickhouseInstall';
import { clickhouseLog } from './clickhouseLog';
import { mongodbLog } from './mongodbLog';
import type { Narrator } from './narrator';
import { WecomReceiver } from './wecomReceiver';

/** Where the access log shall be; `auto` prefers ClickHouse. */
export type LogChoice = 'auto' | 'clickhouse' | 'mongodb';

/** What was started is stopped in the opposite order, each once, whatever happens in between. */
export class Cleanup {
  private readonly works: { name: string; work: () => Promise<unknown> }[] = [];

  add(name: string, work: () => Promise<unknown>): void {
    this.works.push({ name, work });
  }

  /** Answers what could not be cleaned up. */
  async run(): Promise<string[]> {
    const faults: string[] = [];
    for (const { name, work } of this.works.splice(0).reverse()) {
      try {
        await work();
      } catch (error) {
        faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return faults;
  }
}

export interface Surroundings {
  root: string;
  /** The demo's own folder. */
  folder: string;
  narrator: Narrator;
  cleanup: Cleanup;
}

export async function startMongodb(
  { folder, narrator, cleanup }: Surroundings,
  environment: NodeJS.ProcessEnv,
): Promise<{ env: NodeJS.ProcessEnv; embedded: RunningEmbedded; installation: Installation }> {
  const env = demoEnvironment(environment, folder);
  const installation = installationOf(env, 'watchbell-demo');
  const startedAt = performance.now();
  cleanup.add('MongoDB', () => stopEmbedded(installation.dataDir));
  const prepared = await prepareDatabase(env, installation, sentence => narrator.say(sentence));
  const { embedded } = prepared;
  if (embedded === null) throw new CommandError('The demo runs on a MongoDB of its own.');
  narrator.part('MongoDB', `${embedded.version}, embedded, 127.0.0.1:${embedded.port}`, performance.now() - startedAt);
  return { env: prepared.env, embedded, installation };
}

export async function startAccessLog(
  { folder, narrator, cleanup }: Surroundings,
  choice: LogChoice,
  mongodbUrl: string,
): Promise<AccessLog> {
  const command = choice === 'mongodb' ? null : await clickhouse(narrator, choice);
  const startedAt = performance.now();
  const log =
    command === null ? await mongodbLog(mongodbUrl) : await clickhouseLog(command, path.join(folder, 'clickhouse'));
  cleanup.add('access log', () => log.close());
  narrator.part('Access log', `in ${log.what}`, performance.now() - startedAt);
  return log;
}

export async function startReceiver({ narrator, cleanup }: Surroundings, key: string): Promise<WecomReceiver> {
  const startedAt = performance.now();
  const receiver = new WecomReceiver({ keys: [key] });
  await receiver.start();
  cleanup.add('receiver', () => receiver.stop());
  narrator.part(
    'WeCom group',
    `a local receiver that keeps to WeCom's contract, ${receiver.origin}`,
    performance.now() - startedAt,
  );
  return receiver;
}

/** Two workers; answers where they are and the first admin token. */
export async function startWatchbell(
  { root, narrator, cleanup }: Surroundings,
  env: NodeJS.ProcessEnv,
  installation: Installation,
  mongodbUrl: string,
): Promise<{ origin: string; token: string }> {
  const startedAt = performance.now();
  const port = await freePort();
  const origin = originOf(readSettings(env).WATCHBELL_LISTEN, port);
  await mkdir(installation.logDir, { recursive: true, mode: 0o700 });
  cleanup.add('Watchbell', () => stopServer(installation));
  await launchServer({ installation, root, env, port, workers: 2, origin, timeoutMs: 40_000 });
  narrator.part('Watchbell', `1 agent and 2 workers, ${origin}`, performance.now() - startedAt);
  const token = await firstAdminToken(env, mongodbUrl);
  if (token === null) throw new CommandError('The demo found a token that it has not made.');
  return { origin, token };
}

/** Nothing of the reader's own settings may reach the demo, above all not a MONGODB_URL. */
function demoEnvironment(environment: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const binary = new Set(['WATCHBELL_MONGOD', 'WATCHBELL_CACHE_DIR']);
  const own = Object.entries(environment).filter(
    ([name]) =>
      binary.has(name) || !(name === 'MONGODB_URL' || name.startsWith('WATCHBELL_') || name.startsWith('EGG_')),
  );
  return {
    ...Object.fromEntries(own),
    WATCHBELL_DATA_DIR: folder,
    WATCHBELL_HOST_ID: 'demo-host',
    WATCHBELL_LISTEN: '127.0.0.1',
    WATCHBELL_ALLOW_LOOPBACK: 'true',
  };
}

async function clickhouse(narrator: Narrator, choice: LogChoice): Promise<string[] | null> {
  const found = findClickHouse();
  if (found !== null) return found;
  if (canInstallPackages()) {
    try {
      await installClickHouse(line => narrator.say(line));
      return findClickHouse();
    } catch (error) {
      if (choice === 'clickhouse' || !(error instanceof CommandError)) throw error;
      narrator.say(error.message);
    }
  }
  if (choice === 'clickhouse')
    throw new CommandError('There is no clickhouse-server on this machine: install it, or leave out --log.');
  narrator.say('No ClickHouse here: the access log goes into the embedded MongoDB.');
  return null;
}
