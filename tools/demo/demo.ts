import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Command, CommandContext } from '../cli/types';
import { CommandError, reasonOf } from '../errors';
import { lastErrors } from '../server/logFiles';
import { Api } from './api';
import { Inbox } from './inbox';
import { Narrator } from './narrator';
import {
  Cleanup,
  type LogChoice,
  type Surroundings,
  startAccessLog,
  startMongodb,
  startReceiver,
  startWatchbell,
} from './parts';
import { close, define, fall, open, rise, type Stage } from './story';
import { Traffic } from './traffic';

/** Ctrl-C, a supervisor, a closed terminal. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `npm run demo [-- --once] [--log clickhouse|mongodb]`: one check on real parts, from the first 404 to "resolved". */
export const demo: Command = async context => {
  const { once: ends, log } = readArguments(context.args);
  const narrator = new Narrator(context.say, process.stdout.isTTY === true && !context.env['NO_COLOR']);
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  for (const name of endings) process.on(name, stop);
  const cleanup = new Cleanup();
  try {
    return await play(context, narrator, cleanup, log, ends, stopped.signal);
  } finally {
    narrator.blank();
    narrator.say('Ending everything and removing its folder …');
    for (const fault of await cleanup.run()) narrator.failed(fault);
    for (const name of endings) process.off(name, stop);
    narrator.say('Nothing is left running.');
  }
};

async function play(
  context: CommandContext,
  narrator: Narrator,
  cleanup: Cleanup,
  log: LogChoice,
  ends: boolean,
  stopped: AbortSignal,
): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'watchbell-demo-'));
  cleanup.add('folder', () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const startedAt = new Date();
  introduce(narrator, folder);
  try {
    const stage = await setStage({ root: context.root, folder, narrator, cleanup }, context.env, log, stopped);
    for (const scene of [define, rise, close, open, fall]) {
      stopped.throwIfAborted();
      await scene(stage);
    }
    narrator.blank();
    narrator.seen(`All steps seen: fired, held on both workers, heard again, resolved (${narrator.seconds()} s).`);
    if (!ends) await stayUp(stage, stopped);
    return 0;
  } catch (error) {
    if (stopped.aborted) return 130;
    narrator.failed(reasonOf(error));
    for (const line of await lastErrors(path.join(folder, 'logs'), startedAt)) narrator.say(line);
    if (!(error instanceof CommandError)) throw error;
    return 1;
  }
}

function introduce(narrator: Narrator, folder: string): void {
  narrator.title('Watchbell: from the first 404 to a message in WeCom');
  narrator.say(
    'A job watches an access log for 404s. Its alert reaches a WeCom group, is silenced, and is heard again.',
  );
  narrator.say(`Every part is a real one. All of it lives in ${folder}, which is removed at the end.`);
}

async function setStage(
  around: Surroundings,
  environment: NodeJS.ProcessEnv,
  choice: LogChoice,
  stopped: AbortSignal,
): Promise<Stage> {
  const { narrator, cleanup } = around;
  narrator.heading('Starting the parts');
  const { env, embedded, installation } = await startMongodb(around, environment);
  const key = randomUUID();
  const [log, receiver] = [await startAccessLog(around, choice, embedded.url), await startReceiver(around, key)];
  stopped.throwIfAborted();
  const { origin, token } = await startWatchbell(around, env, installation, embedded.url);
  const traffic = new Traffic(log);
  traffic.start();
  cleanup.add('traffic', () => traffic.stop());
  const inbox = new Inbox(receiver, narrator);
  inbox.start();
  cleanup.add('inbox', () => inbox.stop());
  return { narrator, api: new Api(origin, token, narrator), inbox, log, traffic, robotUrl: receiver.url(key), stopped };
}

async function stayUp({ narrator, api }: Stage, stopped: AbortSignal): Promise<void> {
  narrator.blank();
  narrator.say('Everything stays up until Ctrl-C. In another terminal:');
  narrator.command(api.exports);
  for (const page of ['alerts', 'runs?limit=5', 'deliveries', 'cluster']) {
    narrator.command(`curl -s -H "Authorization: Bearer $TOKEN" "$WB/api/v1/${page}"`);
  }
  if (!stopped.aborted) await once(stopped, 'abort');
}

function readArguments(args: string[]): { once: boolean; log: LogChoice } {
  const { values } = parseArgs({
    args,
    options: { once: { type: 'boolean', default: false }, log: { type: 'string', default: 'auto' } },
  });
  const choices: readonly LogChoice[] = ['auto', 'clickhouse', 'mongodb'];
  const log = choices.find(choice => choice === values.log);
  if (log === undefined) throw new CommandError(`--log takes ${choices.join(', ')}.`);
  return { once: values.once, log };
}
