import { EventEmitter } from 'node:events';
import path from 'node:path';
import { channels } from '../../app/channel';
import { untilItWorks } from '../../app/cluster/boot';
import { Member } from '../../app/cluster/member';
import { Metrics } from '../../app/cluster/metrics';
import { HostMetrics } from '../../app/cluster/metricsExchange';
import { Database } from '../../app/repository/database';
import { Drains } from '../../app/repository/drains';
import { Members } from '../../app/repository/members';
import { createSelfWatch } from '../../app/selfwatch';
import { createDefinitions, type Definitions } from '../../app/service/definition';
import { SecretBox } from '../../app/service/definition/secretBox';
import { openSelfChannel } from '../../app/service/definition/selfChannel';
import { Sweeper } from '../../app/timing/sweeper';
import { RecordedLog } from './log';

export interface WatchedAgentOptions {
  url: string;
  hostId: string;
  /** Its data folder. */
  dir: string;
  alertAfterMs?: number;
  heartbeatUrl?: string;
  /** A worker that renews its lease; without it the host is no live one. */
  worker?: boolean;
  key?: string;
}

const timing = { leaseMs: 2000, renewMs: 300, renewalLimitMs: 800, sweepMs: 200, skewMaxMs: 5000 };
const lookMs = 150;

/** The parts of one host that the watch over Watchbell itself needs, in this process: real members, sweeper and watch. */
export class WatchedAgent {
  readonly log = new RecordedLog();
  readonly database: Database;
  readonly member: Member;
  readonly metrics = new Metrics();
  readonly workerMetrics = new Metrics();
  readonly box: SecretBox;
  /** What each loop of the agent says of itself. */
  loops: { name: string; stalledMs: number }[] = [];
  private readonly worker: Member;
  private readonly sweeper: Sweeper;
  private readonly watch;
  private readonly stopping = new AbortController();
  private booting: Promise<void> = Promise.resolve();

  constructor(private readonly options: WatchedAgentOptions) {
    const { url, hostId } = options;
    this.database = new Database({ url, name: 'x', operationMs: 1000, serverSelectionMs: 500, appName: 'test-self' });
    this.box = new SecretBox(options.key ?? 'a key of enough characters');
    const members = new Members(this.database);
    const memberOptions = { ...timing, hostId, hostLabels: {}, pid: process.pid, masterPid: process.ppid };
    this.member = new Member(members, { ...memberOptions, role: 'agent' }, this.log, this.metrics);
    this.worker = new Member(members, { ...memberOptions, role: 'worker' }, this.log, this.workerMetrics);
    this.sweeper = new Sweeper(members, new Drains(this.database), this.member, timing, this.log);
    this.watch = this.createWatch();
  }

  get file(): string {
    return path.join(this.options.dir, 'self-channel');
  }

  /** As an agent does: it comes up without MongoDB and goes on once it answers. */
  start(): this {
    this.watch.start();
    this.booting = untilItWorks(() => this.boot(), this.log, this.stopping.signal);
    return this;
  }

  private async boot(): Promise<void> {
    await this.database.connect();
    if (this.stopping.signal.aborted) return;
    this.member.start();
    if (this.options.worker ?? true) this.worker.start();
    this.sweeper.start();
  }

  /** In good order. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.booting;
    await Promise.all([this.watch.stop(), this.sweeper.stop()]);
    const left = await Promise.allSettled([this.member.stop(500), this.worker.stop(500)]);
    if (left.some(end => end.status === 'rejected')) this.log.info('leftWithoutMongoDb');
    await this.database.close();
  }

  /** As the API of a worker writes them. */
  definitions(): Definitions {
    return createDefinitions({
      database: this.database,
      box: this.box,
      executors: new Map(),
      sources: new Map(),
      channels,
      defaultZone: 'UTC',
      runRetentionDays: 30,
      now: () => new Date(),
      writeLimitMs: 5000,
      announce: () => undefined,
      onJobDeleted: () => undefined,
      onChannelHealed: async () => undefined,
    });
  }

  private createWatch() {
    const { hostId, alertAfterMs = 1000, heartbeatUrl = null } = this.options;
    const outbound = { allowNets: [], allowLoopback: true };
    const settings = { hostId, file: this.file, alertAfterMs, heartbeatUrl, heartbeatIntervalMs: 300, outbound };
    const { database, member, metrics, log, box } = this;
    const vitals = {
      ...{ database, member, metrics },
      hosts: () => this.sweeper.hosts,
      workers: () => ((this.options.worker ?? true) ? [process.pid] : []),
      loops: () => this.loops,
    };
    const openChannel = openSelfChannel(box);
    const messenger = this.messenger();
    return createSelfWatch({ settings, vitals, messenger, log, sealer: box, openChannel, lookMs });
  }

  /** Agent and one worker, joined as Egg's master does. */
  private messenger() {
    const [toAgent, toWorker] = [new EventEmitter(), new EventEmitter()];
    const listen = (bus: EventEmitter) => (action: string, listener: (data: unknown) => void) => {
      bus.on(action, listener);
    };
    const worker = {
      sendToAgent: (action: string, data: unknown) => void toAgent.emit(action, data),
      on: listen(toWorker),
    };
    new HostMetrics(this.workerMetrics, worker, process.pid).listen();
    return { sendToApp: (action: string, data: unknown) => void toWorker.emit(action, data), on: listen(toAgent) };
  }
}
