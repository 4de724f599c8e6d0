import { existsSync } from 'node:fs';
import { statusEmbedded, stopEmbedded, withStartLock } from '@watchbell/mongod';
import { installationOf } from '../server/installation';
import { stopServer } from '../server/stop';
import type { Command } from './types';

const lockMs = 120_000;

/** `npm stop`: the server first, then its embedded database. */
export const stop: Command = async ({ env, say }) => {
  const installation = installationOf(env);
  if (!existsSync(installation.dataDir)) {
    say(`Nothing runs: there is no data folder ${installation.dataDir}.`);
    return 0;
  }
  return await withStartLock(installation.lockFile, lockMs, async () => {
    const processes = await stopServer(installation);
    say(processes > 0 ? `The server has ended (${processes} processes).` : 'The server did not run.');
    const { pid } = await statusEmbedded(installation.dataDir);
    if (await stopEmbedded(installation.dataDir)) say(`The embedded MongoDB has ended (pid ${pid}).`);
    return 0;
  });
};
