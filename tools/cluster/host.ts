import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@watchbell/mongod';
import { z } from 'zod';
import { eventually } from './eventually';
import { childrenOf, exists, kill, startedWith } from './processes';

export interface HostOptions {
  /** The project's folder; the server is in `dist` below it. */
  root: string;
  hostId: string;
  mongodbUrl: string;
  /** The same on every host. */
  secretKey: string;
  workers?: number;
  /** Further environment, WATCHBELL_… settings above all. */
  env?: Record<string, string>;
  /** A command and its arguments in front of node: faketime, ip netns exec …. */
  prefix?: string[];
  /** Where it is reached from here; 127.0.0.1 unless it has a network of its own. */
  address?: string;
  /** Where its data folder is made; default: the system's temporary folder. */
  parent?: string;
}

const outputLimit = 20_000;

/** One real Egg cluster (master, agent, workers) as egg-scripts starts it. */
export class Host {
  readonly dataDir: string;
  port = 0;
  private master: ChildProcess | null = null;
  private output = '';

  constructor(readonly options: HostOptions) {
    this.dataDir = mkdtempSync(path.join(options.parent ?? tmpdir(), 'wb-host-'));
  }

  get url(): string {
    return `http://${this.options.address ?? '127.0.0.1'}:${this.port}`;
  }

  /** Starts the processes; `ready` waits for them. The same host may be started again after it ended. */
  async launch(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const { root, workers = 2, prefix = [], hostId } = this.options;
    const cluster = {
      baseDir: path.join(root, 'dist'),
      framework: path.join(root, 'node_modules/egg'),
      workers,
      port: this.port,
    };
    const starter = path.join(root, 'node_modules/egg-scripts/lib/start-cluster');
    const node = [process.execPath, ...nodeOptions(cluster.baseDir)];
    const command = [...prefix, ...node, starter, JSON.stringify(cluster), `--title=wb-${hostId}`];
    const [file = process.execPath, ...args] = command;
    this.output = '';
    const env = this.environment();
    this.master = spawn(file, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.master.once('error', error => this.hear(`${file}: ${error.message}\n`));
    for (const stream of [this.master.stdout, this.master.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.hear(chunk.toString()));
    }
  }

  /** Launches and waits until /readyz answers 200. */
  async start(timeoutMs = 40_000, signal?: AbortSignal): Promise<this> {
    await this.launch();
    const { hostId } = this.options;
    const ended = () => (exists(this.masterPid) ? false : 'ended');
    try {
      const state = await eventually(
        `host ${hostId} is ready`,
        async () => ended() || this.isReady(),
        timeoutMs,
        signal,
      );
      if (state === 'ended') throw new Error(`host ${hostId} did not start`);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${this.output}`);
    }
    return this;
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5000) })).status === 200;
  }

  get masterPid(): number {
    const pid = this.master?.pid;
    if (pid === undefined) throw new Error(`host ${this.options.hostId} is not started`);
    return pid;
  }

  agentPid(): number {
    const pid = childrenOf(this.masterPid).find(one => one.command.includes('agent_worker'))?.pid;
    if (pid === undefined) throw new Error('no agent');
    return pid;
  }

  workerPids(): number[] {
    return childrenOf(this.masterPid)
      .filter(one => one.command.includes('app_worker'))
      .map(one => one.pid);
  }

  /** Every process of this host that exists now. */
  pids(): number[] {
    return [this.masterPid, ...childrenOf(this.masterPid).map(one => one.pid)].filter(exists);
  }

  /** kill -9 of all at once: what a power cut is. */
  async crash(): Promise<void> {
    for (const pid of this.pids()) kill(pid, 'SIGKILL');
    await this.ended();
  }

  /** SIGTERM to the master, as a supervisor sends it; answers after how many ms every process was gone. */
  async stop(timeoutMs = 15_000): Promise<number> {
    const startedAt = performance.now();
    const pids = this.pids();
    if (pids.length > 0) kill(this.masterPid, 'SIGTERM');
    await eventually(`processes ${pids.join(', ')} end`, () => !pids.some(exists), timeoutMs);
    return performance.now() - startedAt;
  }

  /** Ends whatever still runs, a worker that was just being made too, and removes the data folder. */
  async remove(): Promise<void> {
    if (this.master?.pid !== undefined) await this.crash();
    await eventually(`nothing of host ${this.options.hostId} runs`, () => {
      const left = startedWith('WATCHBELL_DATA_DIR', this.dataDir).filter(exists);
      for (const pid of left) kill(pid, 'SIGKILL');
      return left.length === 0;
    });
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  /** Lines of the event log, parsed. */
  events(): Record<string, unknown>[] {
    return readFileSync(path.join(this.dataDir, 'logs/watchbell.log'), 'utf8')
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line));
  }

  /** What the processes printed and what their error logs hold. */
  complaints(): string {
    const logs = path.join(this.dataDir, 'logs');
    const errors = readdirSync(logs).filter(name => name.endsWith('error.log'));
    return this.output + errors.map(name => readFileSync(path.join(logs, name), 'utf8')).join('\n');
  }

  private hear(text: string): void {
    this.output = (this.output + text).slice(-outputLimit);
  }

  private async ended(): Promise<void> {
    const { master } = this;
    await eventually('the master ends', () => master?.pid === undefined || !exists(master.pid), 10_000);
  }

  private environment(): NodeJS.ProcessEnv {
    const { hostId, mongodbUrl, secretKey, address = '127.0.0.1', env = {} } = this.options;
    return {
      ...withoutSettings(process.env),
      NODE_ENV: 'production',
      EGG_SERVER_ENV: 'prod',
      MONGODB_URL: mongodbUrl,
      WATCHBELL_HOST_ID: hostId,
      WATCHBELL_DATA_DIR: this.dataDir,
      WATCHBELL_SECRET_KEY: secretKey,
      WATCHBELL_ALLOW_LOOPBACK: 'true',
      WATCHBELL_LISTEN: address,
      ...env,
    };
  }
}

const manifestSchema = z.object({ eggScriptsConfig: z.record(z.string(), z.string()) });

/** What egg-scripts gives to Node by the server's package.json. */
function nodeOptions(baseDir: string): string[] {
  const manifest = readFileSync(path.join(baseDir, 'package.json'), 'utf8');
  const { eggScriptsConfig } = manifestSchema.parse(JSON.parse(manifest));
  return Object.entries(eggScriptsConfig).map(([key, value]) => `${key.replace('node-options', '')}=${value}`);
}

/** Nothing of the caller's own installation may reach a host that is started here. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(([name]) => !/^(MONGODB_URL$|WATCHBELL_|EGG_)/.test(name));
  return Object.fromEntries(own);
}
