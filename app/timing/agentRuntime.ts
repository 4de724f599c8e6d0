import { atMost, prepareDatabase, untilItWorks } from '../cluster/boot';
import { DefinitionFeed, longestAwayMs } from '../cluster/definitionFeed';
import { Member } from '../cluster/member';
import { Metrics } from '../cluster/metrics';
import { MetricsCollector } from '../cluster/metricsExchange';
import { followSchema } from '../cluster/schemaInForce';
import type { ClusterSettings } from '../cluster/settings';
import type { Log } from '../domain/log';
import { errorFields } from '../domain/log';
import { type ConfigChanged, configChangedSchema, ipcNames, type RunHint, workerEndsSchema } from '../ipc/messages';
import { Calendars } from '../repository/calendars';
import { Database } from '../repository/database';
import { Drains } from '../repository/drains';
import { Jobs } from '../repository/jobs';
import { Members } from '../repository/members';
import { Revisions } from '../repository/revisions';
import { Runs } from '../repository/runs';
import { Settlements } from '../repository/settlements';
import { Transactions } from '../repository/transactions';
import { AbandonedTransactions } from './abandonedTransactions';
import { Announcer } from './announcer';
import { assertOwnHostId } from './hostStart';
import { LocalWorkers } from './localWorkers';
import { RevisionWatch } from './revisionWatch';
import { Sweeper } from './sweeper';
import { Timing } from './timing';

/** The messages between the agent and the workers of its host. */
interface AgentMessenger {
  sendTo(pid: number, action: string, data: unknown): void;
  sendToApp(action: string, data: unknown): void;
  on(action: string, listener: (data: unknown) => void): void;
}

export interface AgentRuntimeOptions {
  settings: ClusterSettings;
  messenger: AgentMessenger;
  log: Log;
  pid: number;
  masterPid: number;
  /** Called with a sentence when this host may not run; must end the whole server. */
  refuse(sentence: string): void;
}

/** The server starts without MongoDB after this span and keeps trying. */
const bootWaitMs = 4000;
/** At the end each part may finish what it is at for this long. */
const partsMs = 1000;
const leaveMs = 500;

/** Everything that the agent runs: its membership, the feed of definitions, the sweeper and the timekeeper. */
export class AgentRuntime {
  private readonly metrics = new Metrics();
  private readonly database: Database;
  private readonly members: Members;
  private readonly member: Member;
  private readonly sweeper: Sweeper;
  private readonly abandoned: AbandonedTransactions;
  private readonly timing: Timing;
  private readonly feed: DefinitionFeed;
  private readonly watch: RevisionWatch;
  private readonly stopping = new AbortController();
  private readonly workers = new LocalWorkers();
  private readonly bornAt = Date.now();
  private booting: Promise<void> = Promise.resolve();

  constructor(private readonly options: AgentRuntimeOptions) {
    const { settings, log, messenger, pid, masterPid } = options;
    const { mongodbUrl: url, databaseName: name, operationMs, serverSelectionMs } = settings;
    this.database = new Database({ url, name, operationMs, serverSelectionMs, appName: 'watchbell-agent' });
    this.members = new Members(this.database);
    this.member = new Member(this.members, { ...settings, role: 'agent', pid, masterPid }, log, this.metrics);
    followSchema({ database: this.database, member: this.member, log, refuse: options.refuse });
    this.sweeper = new Sweeper(this.members, new Drains(this.database), this.member, settings, log);
    const transactions = new Transactions(this.database, ['watchbell-worker', 'watchbell-agent']);
    this.abandoned = new AbandonedTransactions(transactions, settings, log);
    this.timing = this.buildTiming();
    const revisions = new Revisions(this.database);
    const report = (revision: number) => this.member.reportApplied(revision);
    const { pollMs } = settings;
    this.feed = new DefinitionFeed(
      revisions,
      this.timing.planner,
      report,
      { pollMs, tombstoneMs: longestAwayMs },
      log,
      undefined,
      this.member.clock,
    );
    const watched = { revisions, hosts: () => this.sweeper.liveHosts, log };
    this.watch = new RevisionWatch(watched, () => this.revisionChanged());
    new MetricsCollector(this.metrics, messenger, () => this.workers.all).listen();
    messenger.on('egg-pids', pids => this.workers.listed(pids));
    messenger.on(ipcNames.workerEnds, data => this.workerEnds(workerEndsSchema.parse(data).pid));
    messenger.on(ipcNames.configChanged, data => this.configChanged(configChangedSchema.parse(data)));
    messenger.on(ipcNames.deliveriesWake, data => messenger.sendToApp(ipcNames.deliveriesWake, data));
  }

  /** Comes up within bootWaitMs with or without MongoDB; throws where this host may not run at all. */
  async start(): Promise<void> {
    const { log, refuse } = this.options;
    this.booting = untilItWorks(() => this.boot(), log, this.stopping.signal);
    let waiting = true;
    const guarded = this.booting.catch((error: unknown) => {
      if (waiting) throw error;
      log.error('agent.refused', errorFields(error));
      refuse(error instanceof Error ? error.message : String(error));
    });
    await atMost(guarded, bootWaitMs);
    waiting = false;
  }

  /** Timers first; Egg never kills its agent, so the caller ends the process when this takes too long. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const parts = [this.timing, this.watch, this.feed, this.sweeper, this.abandoned].map(part => part.stop());
    await atMost(Promise.allSettled(parts), partsMs);
    await this.member.stop(leaveMs).catch((error: unknown) => {
      this.options.log.warn('agent.leaveFailed', errorFields(error));
    });
    await this.database.close();
  }

  /** What the watch over Watchbell itself looks at. */
  vitals() {
    const { database, member, metrics } = this;
    const seenAt = () => Math.max(this.feed.seenAt, this.bornAt);
    const loops = () => [
      { name: 'sweeper', stalledMs: performance.now() - this.sweeper.sweptAt },
      { name: 'definition feed', stalledMs: member.clock.now().getTime() - seenAt() },
      { name: 'timekeeper', stalledMs: this.timing.behindMs() },
    ];
    return { database, member, metrics, loops, hosts: () => this.sweeper.hosts, workers: () => this.workers.all };
  }

  private async boot(): Promise<void> {
    const { settings, pid, masterPid, log } = this.options;
    const { hostId } = settings;
    await prepareDatabase(this.database, async () => {});
    await assertOwnHostId(this.members, { hostId, pid, masterPid, log });
    if (this.stopping.signal.aborted) return;
    // Whether this host is drained must be known before anything is announced here.
    await this.sweeper.sweep();
    await this.member.renew();
    this.member.on({ renewed: () => this.timing.clockMeasured() });
    this.member.start();
    this.sweeper.start();
    this.abandoned.start();
    this.feed.start();
    this.watch.start();
    this.timing.start();
  }

  private buildTiming(): Timing {
    const { settings, messenger, log } = this.options;
    const { database, member, metrics } = this;
    const send = (pid: number, batch: RunHint[]) => messenger.sendTo(pid, ipcNames.run, batch);
    const announcer = new Announcer(() => this.workers.lasting, send, metrics);
    const jobs = new Jobs(database);
    return new Timing(
      {
        hostId: settings.hostId,
        hostLabels: settings.hostLabels,
        clock: member.clock,
        ready: () => member.timeIsGood(),
        hosts: () => this.sweeper.hosts,
        labelsOf: hostId => this.sweeper.labelsOf(hostId),
        draining: () => this.sweeper.hostDrains || this.workers.allEnd,
        jobs,
        calendars: new Calendars(database),
        runs: new Runs(database, settings.runRetentionDays),
        settlements: new Settlements(database, jobs, settings),
        announce: (batch, again) => announcer.announce(batch, again),
        wakeRuns: () => messenger.sendToApp(ipcNames.runsWake, null),
        definitionsSeenAt: () => this.feed.seenAt,
        metrics,
        log,
      },
      settings,
    );
  }

  /** Said first by whoever gets a SIGTERM: Egg ends its agent last, and until then it would go on announcing. */
  private workerEnds(pid: number): void {
    this.workers.ends(pid);
    this.options.log.info('agent.workerEnds', { worker: pid, allEnd: this.workers.allEnd });
  }

  /** A worker of this host wrote a definition: just that is brought into force, here and in every worker at the same time. */
  private configChanged(change: ConfigChanged): void {
    this.options.messenger.sendToApp(ipcNames.configChanged, change);
    void this.feed.hint(change);
  }

  /** Another host wrote one: the workers look for themselves. */
  private revisionChanged(): void {
    void this.feed.look();
    this.options.messenger.sendToApp(ipcNames.configChanged, null);
  }
}
