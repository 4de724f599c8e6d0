import { MongodError, MongodNotFound } from '@watchbell/mongod';
import { AppError, SettingsError } from '../../app/domain/errors';
import { demo } from '../demo/demo';
import { drill } from '../drill/drill';
import { CommandError } from '../errors';
import { figures } from '../figures/figures';
import { installationOf } from '../server/installation';
import { serverProcesses } from '../server/processes';
import { dev } from './dev';
import { docs } from './docs';
import { logs } from './logs';
import { start } from './start';
import { status } from './status';
import { stop } from './stop';
import { token } from './token';
import type { Command } from './types';

const commands: Record<string, Command> = { start, stop, status, logs, token, demo, dev, docs, drill, figures };

export interface MainOptions {
  /** The command's name and its arguments. */
  argv: string[];
  /** The project's folder. */
  root: string;
  env: NodeJS.ProcessEnv;
}

/** Runs one command; answers the exit code. */
export async function main({ argv, root, env }: MainOptions): Promise<number> {
  const [name = '', ...args] = argv;
  const command = commands[name];
  if (command === undefined) {
    console.error(`There is no command "${name}"; there are ${Object.keys(commands).join(', ')}.`);
    return 2;
  }
  try {
    return await command({ root, env, args, say: line => console.log(line) });
  } catch (error) {
    console.error(isForPerson(error) ? error.message : error);
    return 1;
  }
}

/** Whether this installation's server runs: it must not be built anew then. */
export async function isRunning(env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await serverProcesses(installationOf(env))).some(one => one.role === 'master');
}

function isForPerson(error: unknown): error is Error {
  const kinds = [CommandError, SettingsError, MongodError, MongodNotFound, AppError];
  return kinds.some(kind => error instanceof kind);
}
