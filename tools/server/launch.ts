import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, reasonOf } from '../errors';
import type { Installation } from './installation';
import { lastErrors } from './logFiles';
import { serverProcesses } from './processes';
import { askReadiness } from './readiness';
import { stopServer } from './stop';

export interface LaunchOptions {
  installation: Installation;
  /** The project's folder, with node_modules; the server is in `dist` below it. */
  root: string;
  /** The server's whole environment. */
  env: NodeJS.ProcessEnv;
  port: number;
  workers: number;
  /** Where the server answers. */
  origin: string;
  /** Limit until it is ready. */
  timeoutMs: number;
}

/** The server answers but cannot work yet, for want of MongoDB above all: it keeps trying. */
export class NotReadyError extends CommandError {}

/**
 * Starts the server in the background and waits until it is ready. Throws NotReadyError where it runs but is not ready in
 * time, else CommandError with what its logs say; nothing of it runs then.
 */
export async function launchServer(options: LaunchOptions): Promise<void> {
  const { installation } = options;
  await mkdir(installation.logDir, { recursive: true, mode: 0o700 });
  const startedAt = new Date();
  const starter = startInBackground(options);
  try {
    await waitUntilReady(options, starter);
  } catch (error) {
    if (error instanceof NotReadyError) throw error;
    starter.kill('SIGKILL');
    await stopServer(installation);
    const complaints = await lastErrors(installation.logDir, startedAt);
    const said = complaints.length > 0 ? complaints.map(line => `  ${line}`) : ['  It said nothing.'];
    throw new CommandError([reasonOf(error), ...said, `  Its logs: ${installation.logDir}`].join('\n'));
  }
}

/**
 * egg-scripts takes any word on stderr for a failure, even a warning of Node's: whether it works is judged here.
 * It has a process group of its own, so that Ctrl-C never leaves half a start.
 */
function startInBackground({ installation, root, env, port, workers }: LaunchOptions): ChildProcess {
  const { logDir, pidFile, title } = installation;
  const args = [
    path.join(root, 'node_modules/egg-scripts/bin/egg-scripts.js'),
    'start',
    path.join(root, 'dist'),
    '--daemon',
    '--ignore-stderr',
    `--title=${title}`,
    `--port=${port}`,
    `--workers=${workers}`,
    `--pidFile=${pidFile}`,
    `--stdout=${path.join(logDir, 'master-stdout.log')}`,
    `--stderr=${path.join(logDir, 'master-stderr.log')}`,
  ];
  const serverEnv = { ...env, NODE_LOG_DIR: logDir, EGG_SERVER_ENV: env['EGG_SERVER_ENV'] ?? 'prod' };
  return spawn(process.execPath, args, { cwd: root, env: serverEnv, stdio: 'ignore', detached: true });
}

async function waitUntilReady(options: LaunchOptions, starter: ChildProcess): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  let seen = false;
  let failed = false;
  starter.once('error', () => {
    failed = true;
  });
  for (;;) {
    const readiness = await askReadiness(options.origin);
    if (readiness.ready) return;
    const running = (await serverProcesses(options.installation)).some(one => one.role === 'master');
    seen ||= running;
    if (failed || (!running && (seen || starter.exitCode !== null || starter.signalCode !== null)))
      throw new CommandError('The server did not start.');
    if (performance.now() > deadline) {
      const Kind = readiness.answered ? NotReadyError : CommandError;
      throw new Kind(`The server is not ready after ${options.timeoutMs / 1000} s: ${readiness.said}`);
    }
    await sleep(100);
  }
}
