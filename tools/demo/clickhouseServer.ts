import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@watchbell/mongod';
import { CommandError } from '../errors';
import type { ClickhouseBinary } from './clickhouseBinary';

const readyMs = 20_000;

export interface ClickhouseUser {
  user: string;
  password: string;
}

/** A ClickHouse of its own in one folder, on 127.0.0.1: gone at stop(), the folder stays. */
export class ClickhouseServer {
  /** May write: fills the log. */
  readonly writer: ClickhouseUser = { user: 'writer', password: randomBytes(12).toString('hex') };
  /** May read: what a monitoring source should have. */
  readonly reader: ClickhouseUser = { user: 'watch', password: randomBytes(12).toString('hex') };
  private child: ChildProcess | null = null;
  private port = 0;

  constructor(
    private readonly binary: ClickhouseBinary,
    private readonly folder: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Throws CommandError with what its log says. */
  async start(): Promise<void> {
    this.port = await freePort();
    await this.writeConfig();
    const out = await open(path.join(this.folder, 'stdout.log'), 'a');
    const { file, args } = this.binary;
    // A process group of its own: Ctrl-C must not end it before the server that asks it.
    this.child = spawn(file, [...args, `--config-file=${this.config}`], {
      cwd: this.folder,
      stdio: ['ignore', out.fd, out.fd],
      detached: true,
    });
    let failed = false;
    this.child.once('error', () => {
      failed = true;
    });
    await out.close();
    const deadline = performance.now() + readyMs;
    while (!(await this.answers())) {
      const gone = failed || this.child.exitCode !== null || this.child.signalCode !== null;
      if (gone || performance.now() > deadline) throw await this.startError();
      await sleep(50);
    }
  }

  /** Runs one statement as the writer; answers the body. Throws CommandError with ClickHouse's own words. */
  async run(statement: string): Promise<string> {
    const { user, password } = this.writer;
    const answer = await fetch(`${this.url}/`, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password },
      body: statement,
      signal: AbortSignal.timeout(10_000),
    });
    const body = await answer.text();
    if (answer.status !== 200) throw new CommandError(`ClickHouse: ${body.trim()}`);
    return body;
  }

  async stop(): Promise<void> {
    const child = this.child;
    this.child = null;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
    // At SIGTERM it waits for idle connections; nothing of this data is needed any more.
    child.kill('SIGKILL');
    await ended;
  }

  private get config(): string {
    return path.join(this.folder, 'config.xml');
  }

  private async answers(): Promise<boolean> {
    return await fetch(`${this.url}/ping`, { signal: AbortSignal.timeout(1000) }).then(
      answer => answer.ok,
      () => false,
    );
  }

  private async startError(): Promise<CommandError> {
    const said = await Promise.all(
      ['stdout.log', 'error.log'].map(name => readFile(path.join(this.folder, name), 'utf8').catch(() => '')),
    );
    await this.stop();
    return new CommandError(`ClickHouse did not start: ${said.join(' ').trim().slice(-500) || 'it said nothing'}`);
  }

  private async writeConfig(): Promise<void> {
    const folders = ['data', 'tmp', 'user_files', 'format_schemas'];
    for (const name of folders) await mkdir(path.join(this.folder, name), { recursive: true });
    await writeFile(this.config, await this.serverXml(), { mode: 0o600 });
    await writeFile(path.join(this.folder, 'users.xml'), usersXml(this.writer, this.reader), { mode: 0o600 });
  }

  private async serverXml(): Promise<string> {
    const [tcp, interserver] = [await freePort(), await freePort()];
    return `<yandex>
  <logger><level>warning</level><log>${this.folder}/server.log</log><errorlog>${this.folder}/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><http_port>${this.port}</http_port><tcp_port>${tcp}</tcp_port>
  <interserver_http_port>${interserver}</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
  <max_concurrent_queries>50</max_concurrent_queries>
  <mark_cache_size>67108864</mark_cache_size><uncompressed_cache_size>16777216</uncompressed_cache_size>
  <path>${this.folder}/data/</path><tmp_path>${this.folder}/tmp/</tmp_path>
  <user_files_path>${this.folder}/user_files/</user_files_path>
  <format_schema_path>${this.folder}/format_schemas/</format_schema_path>
  <users_config>users.xml</users_config><default_profile>default</default_profile>
  <default_database>default</default_database><timezone>UTC</timezone>
</yandex>
`;
  }
}

/** The reader's limits stand in its profile: a user with readonly=1 may not set any by itself. */
function usersXml(writer: ClickhouseUser, reader: ClickhouseUser): string {
  const user = ({ user, password }: ClickhouseUser, profile: string): string => `    <${user}>
      <password_sha256_hex>${createHash('sha256').update(password).digest('hex')}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks><profile>${profile}</profile><quota>default</quota>
    </${user}>`;
  return `<yandex>
  <profiles><default></default><reader>
    <readonly>1</readonly><max_execution_time>5</max_execution_time>
    <max_result_rows>1000</max_result_rows><result_overflow_mode>throw</result_overflow_mode>
  </reader></profiles>
  <users>
${user(writer, 'default')}
${user(reader, 'reader')}
  </users>
  <quotas><default></default></quotas>
</yandex>
`;
}
