import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { resolveMongod } from '../resolve/resolveMongod';
import { endMongod, launchMongod, PortTaken } from '../run/mongodProcess';
import { freePort } from '../run/ports';
import { signal, waitForEnd, waitForStop } from '../run/processes';
import type { Embedded, TemporaryOptions } from './types';

const startMs = 30_000;

/** One mongod in a temporary folder. It is killed and its folder removed when this process exits without stop(). */
export class TemporaryNode implements Embedded {
  private current = 0;
  private readonly atExit = (): void => {
    if (this.current !== 0) signal(this.current, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };

  private constructor(
    private readonly file: string,
    private readonly folder: string,
    readonly port: number,
    private readonly args: readonly string[],
    private readonly query: string,
    readonly address: string,
    private readonly prefix: readonly string[],
  ) {}

  /** args: further arguments of mongod; query: what the url carries, such as `replicaSet=rs0`. */
  static async start(options: TemporaryOptions, args: readonly string[], query: string): Promise<TemporaryNode> {
    const file = options.file ?? (await resolveMongod({ onProgress: options.onProgress })).file;
    const parameters = Object.entries(options.parameters ?? {}).map(
      ([name, value]) => `--setParameter=${name}=${value}`,
    );
    for (let attempt = 1; ; attempt++) {
      const folder = await mkdtemp(path.join(options.parent ?? os.tmpdir(), 'watchbell-mongod-'));
      await mkdir(path.join(folder, 'db'));
      const { address = '127.0.0.1', prefix = [] } = options;
      const all = [...args, ...parameters];
      const node = new TemporaryNode(file, folder, await freePort(), all, query, address, prefix);
      try {
        await node.launch();
        process.once('exit', node.atExit);
        return node;
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        if (!(error instanceof PortTaken) || attempt === 5) throw error;
      }
    }
  }

  get url(): string {
    return `mongodb://${this.address}:${this.port}/${this.query === '' ? '' : `?${this.query}`}`;
  }

  get pid(): number {
    return this.current;
  }

  async stop(): Promise<void> {
    await this.kill();
    process.removeListener('exit', this.atExit);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  async kill(): Promise<void> {
    if (this.current === 0) return;
    signal(this.current, 'SIGKILL');
    if (!(await waitForEnd(this.current, 10_000))) throw new Error(`mongod (pid ${this.current}) does not end`);
    this.current = 0;
  }

  async shutdown(): Promise<void> {
    if (this.current === 0) return;
    this.resume();
    await endMongod(this.current, 10_000);
    this.current = 0;
  }

  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.shutdown();
    await this.launch(env);
  }

  async pause(): Promise<void> {
    signal(this.current, 'SIGSTOP');
    if (!(await waitForStop(this.current, 10_000)))
      throw new Error(`mongod (pid ${this.current}) does not stand still`);
  }

  resume(): void {
    signal(this.current, 'SIGCONT');
  }

  private async launch(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { file, folder, port, args, address, prefix } = this;
    this.current = await launchMongod({ file, folder, port, address, prefix, args, env, detached: false, startMs });
  }
}
