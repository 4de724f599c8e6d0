import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { MongoClient } from 'mongodb';
import { z } from 'zod';

const call = z.object({ index: z.number(), pid: z.number(), phase: z.enum(['start', 'end']), at: z.number() });
/** What a handler told: which schedule, in which process, and when. */
type Call = z.infer<typeof call>;

export interface AgendaOptions {
  processEveryMs: number;
  lockMs: number | null;
  workMs: number;
}

/** Two processes of Agenda on one database, as Watchbell has two workers. */
export class AgendaCluster {
  readonly calls: Call[] = [];
  private readonly database = `agenda_${randomBytes(4).toString('hex')}`;
  private readonly children: ChildProcess[] = [];
  private readonly client: MongoClient;
  private readonly agenda: Agenda;

  constructor(
    private readonly url: string,
    private readonly options: AgendaOptions,
  ) {
    this.client = new MongoClient(url);
    this.agenda = new Agenda({ backend: new MongoBackend({ mongo: this.client.db(this.database) }) });
  }

  async start(): Promise<this> {
    await this.client.connect();
    await this.agenda.ready;
    for (let index = 0; index < 2; index += 1) await this.startProcess();
    return this;
  }

  async startProcess(): Promise<void> {
    const task = { url: this.url, database: this.database, ...this.options };
    const child = fork(path.join(__dirname, 'agendaProcess.js'), [JSON.stringify(task)], { execArgv: [] });
    this.children.push(child);
    await once(child, 'message', { signal: AbortSignal.timeout(20_000) });
    child.on('message', message => this.calls.push(call.parse(message)));
  }

  /** Schedules with these numbers, each by this six-field expression. */
  async schedule(from: number, to: number, cron: string): Promise<void> {
    const one = async (index: number) => {
      const job = this.agenda.create('bench', { index });
      await job.unique({ 'data.index': index }).repeatEvery(cron, { skipImmediate: true }).save();
    };
    const atOnce = 50;
    for (let first = from; first < to; first += atOnce) {
      const many = Array.from({ length: Math.min(atOnce, to - first) }, (_, offset) => one(first + offset));
      await Promise.all(many);
    }
  }

  get pids(): number[] {
    return this.children.flatMap(child =>
      child.exitCode === null && child.signalCode === null ? (child.pid ?? []) : [],
    );
  }

  /** kill -9. */
  kill(pid: number): void {
    this.children.find(child => child.pid === pid)?.kill('SIGKILL');
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await this.client.db(this.database).dropDatabase();
    await this.client.close();
  }
}
