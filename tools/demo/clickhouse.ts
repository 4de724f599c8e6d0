import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { configXml, usersXml } from './clickhouseConfig';

export interface ClickHouseOptions {
  /** An empty or new folder of its own; the caller removes it. */
  folder: string;
  /** How long the start may take, in ms. */
  startMs?: number;
  /** How to start it; default: what findClickHouse finds. */
  command?: string[] | null;
}

/** How to start a ClickHouse server from these folders (default: PATH and where packages put it); null where there is none. */
export function findClickHouse(folders: readonly string[] = usualFolders()): string[] | null {
  const find = (name: string) => folders.map(folder => path.join(folder, name)).find(isExecutable);
  const server = find('clickhouse-server');
  if (server !== undefined) return [server];
  const single = find('clickhouse');
  return single === undefined ? null : [single, 'server'];
}

/** A real ClickHouse on 127.0.0.1 with its own folder, ports and password. */
export class ClickHouseServer {
  /** Writable, readonly = 1 with limits in its profile, readonly = 2; all with `password`. */
  readonly users = ['default', 'watch', 'watch2'] as const;
  readonly password = randomBytes(12).toString('hex');
  private process: ChildProcess | null = null;

  private constructor(
    private readonly command: string[],
    private readonly options: ClickHouseOptions,
    readonly httpPort: number,
  ) {}

  /** Starts one; throws with what to install when there is no binary, and with the server's own log when it does not come up. */
  static async start(options: ClickHouseOptions): Promise<ClickHouseServer> {
    const { command = findClickHouse() } = options;
    if (command === null) {
      throw new Error(
        'No clickhouse-server on this machine: apt-get install clickhouse-server (Debian), or put it on PATH.',
      );
    }
    const [httpPort, tcpPort, interserverPort] = await freePorts(3);
    const server = new ClickHouseServer(command, options, Number(httpPort));
    for (const name of ['data', 'tmp', 'log', 'user_files', 'format_schemas']) {
      mkdirSync(path.join(options.folder, name), { recursive: true, mode: 0o700 });
    }
    const ports = { http: Number(httpPort), tcp: Number(tcpPort), interserver: Number(interserverPort) };
    writeFileSync(path.join(options.folder, 'config.xml'), configXml(options.folder, ports), { mode: 0o600 });
    const sha256 = createHash('sha256').update(server.password).digest('hex');
    writeFileSync(path.join(options.folder, 'users.xml'), usersXml(sha256), { mode: 0o600 });
    await server.launch();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** Runs SQL as the writable user and answers the body; throws with the server's message. `data` follows an INSERT. */
  async sql(text: string, data = ''): Promise<string> {
    const answer = await axios.post<string>(`${this.url}/`, data === '' ? text : `${text}\n${data}`, {
      headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': this.password, 'Content-Type': 'text/plain' },
      params: { wait_end_of_query: 1 },
      responseType: 'text',
      transformResponse: [body => body],
      validateStatus: () => true,
      proxy: false,
      timeout: 60_000,
    });
    if (answer.status !== 200) throw new Error(`ClickHouse: ${answer.data}`);
    return answer.data.trim();
  }

  /** Ends it in order, at the latest by force after 10 s; the data stays. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it as a power cut would; the data stays. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Up again on the same ports with the same data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.launch();
  }

  private async launch(): Promise<void> {
    const [binary = '', ...args] = this.command;
    const { folder, startMs = 20_000 } = this.options;
    const child = spawn(binary, [...args, `--config-file=${path.join(folder, 'config.xml')}`], {
      cwd: folder,
      stdio: 'ignore',
    });
    this.process = child;
    const ended = once(child, 'exit').then(() => true);
    const deadline = performance.now() + startMs;
    while (!(await this.answers())) {
      if (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
        await Promise.race([ended, sleep(50)]);
        continue;
      }
      await this.kill();
      throw new Error(
        `clickhouse-server did not come up within ${startMs} ms: ${lastLines(path.join(folder, 'log', 'err.log'))}`,
      );
    }
  }

  private async answers(): Promise<boolean> {
    const ping = axios.get<string>(`${this.url}/ping`, { proxy: false, timeout: 1000, responseType: 'text' });
    return await ping.then(
      ({ data }) => data === 'Ok.\n',
      () => false,
    );
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.process;
    this.process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  }
}

function usualFolders(): string[] {
  return [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/bin', '/usr/local/bin'];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch (error) {
    return `no log (${String(error)})`;
  }
}

/** Held together until all are known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(servers.map(server => once(server.close(), 'close')));
  return ports;
}
