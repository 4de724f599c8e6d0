import { type ChildProcess, spawn } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signal, stopEmbedded } from '@watchbell/mongod';
import { readSettings } from '../../config/settings';
import { readStartSettings } from '../../config/startSettings';
import { prepareDatabase } from '../server/database';
import { installationOf } from '../server/installation';
import { originOf } from '../server/readiness';
import type { Command, CommandContext } from './types';

/** Editors write a file in several steps. */
const quietMs = 300;
/** As long as Egg gives its workers and its agent, one after the other. */
const endMs = 11_000;

/** `npm run dev`: one worker from the sources, types not checked, started anew at each change, until Ctrl-C. */
export const dev: Command = async context => {
  const { say, root } = context;
  // A data folder of its own: it must not be the second server of the one that "npm start" uses.
  const dataDir = context.env['WATCHBELL_DATA_DIR'] || '~/.watchbell-dev';
  const installation = installationOf({ ...context.env, WATCHBELL_DATA_DIR: dataDir });
  const { WATCHBELL_PORT: port } = readStartSettings(context.env);
  const prepared = await prepareDatabase({ WATCHBELL_ALLOW_LOOPBACK: 'true', ...context.env }, installation, say);
  const settings = readSettings(prepared.env);
  say(`Watchbell from its sources, at ${originOf(settings.WATCHBELL_LISTEN, port)} once it is up; Ctrl-C ends it.`);
  say(`  Data folder  ${installation.dataDir}`);
  const changes = new Changes(['app', 'config', 'app.ts', 'agent.ts'].map(name => path.join(root, name)));
  try {
    await restartOnChange(context, prepared.env, port, changes);
  } finally {
    changes.close();
    if (prepared.embedded?.alreadyRunning === false) await stopEmbedded(installation.dataDir);
  }
  return 0;
};

async function restartOnChange(
  context: CommandContext,
  env: NodeJS.ProcessEnv,
  port: number,
  changes: Changes,
): Promise<void> {
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    while (!stopped.signal.aborted) {
      const child = startFromSources(context.root, env, port);
      const changed = await changes.next(stopped.signal);
      await end(child);
      if (changed !== null) context.say(`\n${path.relative(context.root, changed)} has changed: starting anew …`);
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function startFromSources(root: string, env: NodeJS.ProcessEnv, port: number): ChildProcess {
  const args = [
    path.join(root, 'node_modules/egg-bin/dist/bin/cli.js'),
    'dev',
    `--port=${port}`,
    '--workers=1',
    '--tscompiler=ts-node/register/transpile-only',
  ];
  // A process group of its own: Ctrl-C comes to this process alone, which then ends it in order.
  return spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
}

/** Ends the whole group: egg-bin itself is gone before its master and agent are. */
async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  child.kill('SIGTERM');
  const deadline = performance.now() + endMs;
  while (signal(-pid, 0)) {
    if (performance.now() > deadline) signal(-pid, 'SIGKILL');
    await sleep(50);
  }
}

/** Watches files and folders; says what changed once it has been quiet for a moment. */
class Changes {
  private readonly watchers: FSWatcher[];
  private notify: (file: string) => void = () => {};

  constructor(paths: readonly string[]) {
    this.watchers = paths.map(one =>
      watch(one, { recursive: true }, (_event, name) => {
        const file = name === null || path.basename(one) === name ? one : path.join(one, name);
        if (/\.(ts|json)$/.test(file)) this.notify(file);
      }),
    );
  }

  /** The last file of the next change; null when `stopped` came first. */
  async next(stopped: AbortSignal): Promise<string | null> {
    return await new Promise(resolve => {
      let timer: NodeJS.Timeout | undefined;
      const done = (file: string | null): void => {
        clearTimeout(timer);
        stopped.removeEventListener('abort', onStop);
        this.notify = () => {};
        resolve(file);
      };
      const onStop = (): void => done(null);
      stopped.addEventListener('abort', onStop);
      this.notify = file => {
        clearTimeout(timer);
        timer = setTimeout(() => done(file), quietMs);
      };
      if (stopped.aborted) done(null);
    });
  }

  close(): void {
    for (const watcher of this.watchers) watcher.close();
  }
}
