import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongodError } from '../errors';
import { accepts } from './ports';
import { commandLineOf, signal, waitForEnd } from './processes';

export interface LaunchOptions {
  /** The binary. */
  file: string;
  /** Holds `db/` (the data) and `mongod.log`; both must be writable, `db` must exist. */
  folder: string;
  port: number;
  /** Where it listens; default 127.0.0.1. */
  address?: string;
  /** A command and its arguments in front of it, such as `ip netns exec …`. */
  prefix?: readonly string[];
  args: readonly string[];
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** It outlives this process and its terminal. */
  detached: boolean;
  /** How long it may take to listen; recovery after kill -9 is part of it. */
  startMs: number;
}

/** What several kinds of servers have in common: one machine, little memory, no surprise on a signal. */
const commonArgs = [
  '--nounixsocket',
  '--wiredTigerCacheSizeGB=0.25',
  '--setParameter=diagnosticDataCollectionEnabled=false',
  // A replica set's primary would otherwise go on for 15 s after SIGTERM.
  '--setParameter=shutdownTimeoutMillisForSignaledShutdown=100',
];

/** The port was taken between the look at it and the start. */
export class PortTaken extends MongodError {}

/** Starts mongod and waits until it listens; answers its pid. Throws MongodError with what its log says. */
export async function launchMongod(options: LaunchOptions): Promise<number> {
  const { address = '127.0.0.1', prefix = [] } = options;
  const data = path.join(options.folder, 'db');
  const own = [`--dbpath=${data}`, `--port=${options.port}`, `--bind_ip=${address}`];
  const [file = options.file, ...args] = [...prefix, options.file, ...own, ...commonArgs, ...options.args];
  const out = openSync(path.join(options.folder, 'mongod.log'), 'a', 0o600);
  const child = spawn(file, args, {
    detached: options.detached,
    stdio: ['ignore', out, out],
    cwd: options.folder,
    env: { ...process.env, ...options.env },
  });
  closeSync(out);
  let failure: string | null = null;
  child.once('error', error => {
    failure = error.message;
  });
  child.once('exit', (code, name) => {
    failure ??= `it ended with ${code === null ? name : `code ${code}`}`;
  });
  // Neither the child nor its handle may hold this process.
  child.unref();
  const deadline = performance.now() + options.startMs;
  for (;;) {
    if (failure !== null) throw await startError(options, failure);
    if (await accepts(options.port, address)) break;
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw await startError(options, `it did not listen within ${options.startMs / 1000} s`);
    }
    await sleep(20);
  }
  // Another program may have been what answered.
  await sleep(0);
  if (failure !== null || child.pid === undefined) throw await startError(options, failure ?? 'it has no pid');
  return child.pid;
}

/** Ends a mongod: SIGTERM for a clean shutdown, SIGKILL after graceMs. */
export async function endMongod(pid: number, graceMs: number): Promise<void> {
  if ((await commandLineOf(pid)) === null) return;
  signal(pid, 'SIGTERM');
  if (await waitForEnd(pid, graceMs)) return;
  signal(pid, 'SIGKILL');
  if (!(await waitForEnd(pid, 5000))) throw new MongodError(`mongod (pid ${pid}) does not end, not even by SIGKILL.`);
}

async function startError(options: LaunchOptions, failure: string): Promise<MongodError> {
  const said = await complaints(path.join(options.folder, 'mongod.log'));
  if (said.some(line => /address already in use/i.test(line))) {
    return new PortTaken(`Port ${options.port} was taken by another program.`);
  }
  const log = said.length > 0 ? ` It says: ${said.join(' | ')}` : '';
  return new MongodError(`mongod did not start in ${options.folder}: ${failure}.${log}`);
}

/** The last errors in mongod's log (one JSON object a line), or its last line that is none. */
async function complaints(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n').slice(-40);
  const errors = lines.flatMap(line => {
    if (!line.startsWith('{')) return line === '' ? [] : [line];
    return /"s":"[EF]"/.test(line) ? [line.replace(/^.*?"msg":"/, '').slice(0, 300)] : [];
  });
  return errors.slice(-3);
}
