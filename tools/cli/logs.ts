import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { CommandError } from '../errors';
import { installationOf } from '../server/installation';
import { existingLogs } from '../server/logFiles';
import type { Command } from './types';

/** `npm run logs [-- --lines 50 --no-follow]`: shows the logs and follows them until Ctrl-C. */
export const logs: Command = async ({ env, args }) => {
  const { values } = parseArgs({
    args,
    options: { lines: { type: 'string', default: '20' }, 'no-follow': { type: 'boolean', default: false } },
  });
  if (!/^\d{1,6}$/.test(values.lines)) throw new CommandError('--lines takes a number, such as --lines 50.');
  const { logDir } = installationOf(env);
  const files = await existingLogs(logDir);
  if (files.length === 0)
    throw new CommandError(`There are no logs in ${logDir} yet: start the server with "npm start".`);
  const follow = values['no-follow'] ? [] : ['-F'];
  const child = spawn('tail', ['-n', values.lines, ...follow, ...files], { stdio: 'inherit' });
  // Ctrl-C reaches tail too: it is how this command ends well.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  const [code] = await once(child, 'exit');
  process.off('SIGINT', ignore);
  return typeof code === 'number' ? code : 0;
};
