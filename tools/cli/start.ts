import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isFree, type RunningEmbedded, stopEmbedded, withStartLock } from '@watchbell/mongod';
import { readSettings } from '../../config/settings';
import { readStartSettings } from '../../config/startSettings';
import { CommandError } from '../errors';
import { prepareDatabase } from '../server/database';
import { type Installation, installationOf } from '../server/installation';
import { launchServer, NotReadyError } from '../server/launch';
import { serverProcesses } from '../server/processes';
import { askReadiness, originOf } from '../server/readiness';
import { stopServer } from '../server/stop';
import { firstAdminToken } from './firstToken';
import type { Command, CommandContext } from './types';

const readyMs = 60_000;
const lockMs = 120_000;

/** `npm start`: the server in the background, with MongoDB where none is given. */
export const start: Command = async context => {
  const installation = installationOf(context.env);
  await mkdir(installation.dataDir, { recursive: true, mode: 0o700 });
  return await withStartLock(installation.lockFile, lockMs, async () => {
    const running = (await serverProcesses(installation)).find(one => one.role === 'master');
    if (running !== undefined) await sayThatItRuns(context, installation, running.port, running.pid);
    else await startNew(context, installation);
    return 0;
  });
};

async function sayThatItRuns(
  { env, say }: CommandContext,
  installation: Installation,
  port: number,
  pid: number,
): Promise<void> {
  const origin = originOf(env['WATCHBELL_LISTEN'] ?? '', port);
  const readiness = await askReadiness(origin);
  say(
    `Watchbell is running already (pid ${pid}) at ${origin}${readiness.ready ? '' : `, not ready: ${readiness.said}`}`,
  );
  say(`  Data folder  ${installation.dataDir}`);
  say('  Stop it with "npm stop"; see "npm run status" and "npm run logs".');
}

async function startNew(context: CommandContext, installation: Installation): Promise<void> {
  const { say, root } = context;
  const { WATCHBELL_PORT: port, WATCHBELL_WORKERS } = readStartSettings(context.env);
  // A master that was killed leaves its children behind for a moment.
  await stopServer(installation);
  if (!(await isFree(port))) {
    throw new CommandError(`Port ${port} is taken by another program: set WATCHBELL_PORT to a free one.`);
  }
  const { env, embedded, url } = await prepareDatabase(context.env, installation, say);
  const workers = WATCHBELL_WORKERS ?? availableParallelism();
  let origin = '';
  try {
    origin = originOf(readSettings(env).WATCHBELL_LISTEN, port);
    say(`Starting the server (workers: ${workers}) …`);
    await launchServer({ installation, root, env, port, workers, origin, timeoutMs: readyMs });
  } catch (error) {
    if (error instanceof NotReadyError) throw keepsTrying(error, origin);
    if (embedded?.alreadyRunning === false) await stopEmbedded(installation.dataDir);
    throw error;
  }
  say(`\nWatchbell is running at ${origin}`);
  say(`  Data folder  ${installation.dataDir}`);
  say(`  Logs         ${installation.logDir}   (npm run logs)`);
  say(`  MongoDB      ${described(embedded)}`);
  say('  Stop it with "npm stop"; see "npm run status".');
  if (embedded !== null) await sayFirstToken(context, url, origin);
}

function keepsTrying({ message }: NotReadyError, origin: string): CommandError {
  return new CommandError(
    `${message}\nIt runs at ${origin} and keeps trying: see "npm run status", end it with "npm stop".`,
  );
}

/** Another host of the same database may have made one: there it is a person's business ("npm run token"). */
async function sayFirstToken({ env, say }: CommandContext, url: string, origin: string): Promise<void> {
  const token = await firstAdminToken(env, url);
  if (token === null) return;
  say(`\n  Admin token  ${token}`);
  say('  It is shown this once and stored only as a hash: keep it. Try it:');
  say(`    curl -H 'Authorization: Bearer ${token}' ${origin}/api/v1/cluster`);
}

function described(embedded: RunningEmbedded | null): string {
  if (embedded === null) return 'as MONGODB_URL says';
  return `${embedded.version}, embedded, 127.0.0.1:${embedded.port} (pid ${embedded.pid})`;
}
