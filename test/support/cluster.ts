import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';

const root = path.resolve(__dirname, '../..');
const starter = path.join(root, 'node_modules/egg-scripts/lib/start-cluster');

export interface HostOptions {
  hostId: string;
  mongodbUrl: string;
  workers?: number;
  /** Further environment, WATCHBELL_… settings above all. */
  env?: Record<string, string>;
  /** A command and its arguments in front of node: faketime, ip netns exec …. */
  prefix?: string[];
  /** Where it is reached from here; 127.0.0.1 unless it has a network of its own. */
  address?: string;
}

/** One real Egg cluster (master, agent, workers) as egg-scripts starts it. */
export class Host {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'wb-host-'));
  port = 0;
  private master: ChildProcess | null = null;
  private output = '';

  constructor(readonly options: HostOptions) {}

  get url(): string {
    return `http://${this.options.address ?? '127.0.0.1'}:${this.port}`;
  }

  /** Starts the processes; `ready` waits for them. The same host may be started again after it ended. */
  async launch(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const { workers = 2, prefix = [], hostId } = this.options;
    const cluster = {
      baseDir: path.join(root, 'dist'),
      framework: path.join(root, 'node_modules/egg'),
      workers,
      port: this.port,
    };
    const command = [...prefix, process.execPath, starter, JSON.stringify(cluster), `--title=wb-${hostId}`];
    const [file = process.execPath, ...args] = command;
    this.output = '';
    this.master = spawn(file, args, {
      cwd: root,
      env: this.environment(),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.master.stdout, this.master.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-20_000);
      });
    }
  }

  /** Launches and waits until /readyz answers 200. */
  async start(timeoutMs = 40_000): Promise<this> {
    await this.launch();
    await eventually(`host ${this.options.hostId} is ready\n${this.output}`, () => this.isReady(), timeoutMs);
    return this;
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.url}/readyz`)).status === 200;
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
    for (const pid of this.pids()) process.kill(pid, 'SIGKILL');
    await this.ended();
  }

  /** SIGTERM to the master, as a supervisor sends it; answers after how many ms every process was gone. */
  async stop(timeoutMs = 15_000): Promise<number> {
    const startedAt = performance.now();
    const pids = this.pids();
    if (pids.length > 0) process.kill(this.masterPid, 'SIGTERM');
    await eventually(`processes ${pids.join(', ')} end`, () => !pids.some(exists), timeoutMs);
    return performance.now() - startedAt;
  }

  /** Ends whatever still runs and removes the data folder. */
  async remove(): Promise<void> {
    if (this.master?.pid !== undefined) await this.crash();
    rmSync(this.dataDir, { recursive: true, force: true });
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

  private async ended(): Promise<void> {
    const { master } = this;
    await eventually('the master ends', () => master?.pid === undefined || !exists(master.pid), 10_000);
  }

  private environment(): NodeJS.ProcessEnv {
    const { hostId, mongodbUrl, env = {} } = this.options;
    return {
      ...process.env,
      NODE_ENV: 'production',
      EGG_SERVER_ENV: 'prod',
      MONGODB_URL: mongodbUrl,
      WATCHBELL_HOST_ID: hostId,
      WATCHBELL_DATA_DIR: this.dataDir,
      WATCHBELL_SECRET_KEY: testSecretKey,
      WATCHBELL_ALLOW_LOOPBACK: 'true',
      WATCHBELL_LISTEN: this.options.address ?? '127.0.0.1',
      ...env,
    };
  }
}

/** The same on every test host, as it is on every host of an installation. */
export const testSecretKey = 'test-key-of-at-least-thirty-two-characters';

export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Random, so that clusters of test files that run beside each other do not meet. */
export function uniqueHostId(name: string): string {
  return `${name}-${randomBytes(3).toString('hex')}`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>(resolve => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function childrenOf(parent: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .flatMap(pid => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return ppid === parent ? [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }] : [];
      } catch {
        return [];
      }
    });
}
