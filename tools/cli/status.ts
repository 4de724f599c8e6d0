import { statusEmbedded } from '@watchbell/mongod';
import { installationOf } from '../server/installation';
import { type ServerProcess, serverProcesses } from '../server/processes';
import { askReadiness, originOf } from '../server/readiness';
import type { Command } from './types';

/** As systemctl does. */
const notRunning = 3;

/** `npm run status`: exit code 0 where the server is ready, 3 where not. */
export const status: Command = async ({ env, say }) => {
  const installation = installationOf(env);
  const processes = await serverProcesses(installation);
  const master = processes.find(one => one.role === 'master');
  const readiness =
    master === undefined ? null : await askReadiness(originOf(env['WATCHBELL_LISTEN'] ?? '', master.port));
  if (master === undefined || readiness === null) say('Server       not running');
  else {
    say(`Server       ${readiness.ready ? 'ready' : `not ready: ${readiness.said}`}`);
    say(`Address      ${originOf(env['WATCHBELL_LISTEN'] ?? '', master.port)}`);
    say(`Processes    ${describe(processes)}`);
  }
  const embedded = await statusEmbedded(installation.dataDir);
  const where = `127.0.0.1:${embedded.port}, MongoDB ${embedded.version}`;
  if (env['MONGODB_URL']) say('MongoDB      as MONGODB_URL says');
  else say(`MongoDB      ${embedded.running ? `embedded, pid ${embedded.pid}, ${where}` : 'embedded, not running'}`);
  say(`Data folder  ${installation.dataDir}`);
  say(`Logs         ${installation.logDir}`);
  return readiness?.ready === true ? 0 : notRunning;
};

function describe(processes: readonly ServerProcess[]): string {
  const of = (role: ServerProcess['role']): string =>
    processes
      .filter(one => one.role === role)
      .map(one => one.pid)
      .join(', ');
  return `master ${of('master')}; agent ${of('agent')}; workers ${of('worker')}`;
}
