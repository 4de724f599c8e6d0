import { channels } from '../channel';
import { atMost, prepareDatabase, untilItWorks } from '../cluster/boot';
import { CalendarEnds } from '../cluster/calendarEnds';
import { DefinitionFeed, type FeedHandler, longestAwayMs } from '../cluster/definitionFeed';
import { HostMetrics } from '../cluster/metricsExchange';
import { followSchema } from '../cluster/schemaInForce';
import { errorFields } from '../domain/log';
import { configChangedSchema, ipcNames, runBatchSchema } from '../ipc/messages';
import { Calendars } from '../repository/calendars';
import { Drains } from '../repository/drains';
import { Jobs } from '../repository/jobs';
import { Revisions } from '../repository/revisions';
import { AlertReader } from './alerts';
import { ClusterStatus } from './clusterStatus';
import type { Definitions } from './definition';
import { DeliveryReader } from './deliveries';
import type { DeliveryLoop } from './delivery/loop';
import { HostControl } from './hostControl';
import { HostDrain } from './hostDrain';
import { kindsDocument } from './kinds';
import type { MuteService } from './mutes';
import type { JobRemoval } from './run/jobRemoval';
import type { RunService } from './run/runService';
import type { SourceReader } from './run/sourceReader';
import { RunReader } from './runs';
import { TokenService } from './tokens';
import { Trials } from './trials';
import type { Watchbell } from './watchbell';
import { type WorkerOptions, WorkerParts, type WorkerWakes } from './workerParts';

export interface WorkerRuntimeOptions extends WorkerOptions {
  /** Called with a sentence when this host may not run; must end the whole server. */
  refuse(sentence: string): void;
}

/** The server starts without MongoDB after this span and keeps trying. */
const bootWaitMs = 4000;
/** Behind drainMs: the work of what was aborted ends, and what is left is handed over. */
const handOverMs = 1000;
/** The writes of the last hand-overs. With leaveMs behind it a worker is out before Egg kills it, 5 s after its SIGTERM. */
const lastWritesMs = 200;
const leaveMs = 300;
const pingMs = 2000;

/** Everything that a worker runs: membership, runs, deliveries, and the use cases that the API calls. */
export class WorkerRuntime {
  readonly watchbell: Watchbell;
  private readonly parts: WorkerParts;
  private readonly definitions: Definitions;
  private readonly mutes: MuteService;
  private readonly reader: SourceReader;
  private readonly runs: RunService;
  private readonly deliveries: DeliveryLoop;
  private readonly removal: JobRemoval;
  private readonly feed: DefinitionFeed;
  private readonly hostDrain: HostDrain;
  private readonly stopping = new AbortController();
  private booted = false;

  constructor(private readonly options: WorkerRuntimeOptions) {
    const { settings, log } = options;
    const wakes = this.wakes();
    this.parts = new WorkerParts(options);
    this.definitions = this.parts.definitions(wakes);
    this.mutes = this.parts.muteService(wakes);
    this.deliveries = this.parts.deliveryLoop(this.definitions);
    this.reader = this.parts.sourceReader(this.definitions);
    this.runs = this.parts.runService(this.reader, () => this.deliveries.wake());
    this.removal = this.parts.jobRemoval();
    const { database, member } = this.parts;
    followSchema({ database, member, log, refuse: options.refuse });
    const report = (revision: number) => member.reportApplied(revision);
    const { pollMs } = settings.cluster;
    const revisions = new Revisions(database);
    this.feed = new DefinitionFeed(
      revisions,
      this.onChange(revisions),
      report,
      { pollMs, tombstoneMs: longestAwayMs },
      log,
    );
    this.hostDrain = this.createHostDrain();
    this.watchbell = this.useCases();
    this.listen();
  }

  /** Comes up within bootWaitMs with or without MongoDB; throws where this host may not run at all. */
  async start(): Promise<void> {
    const { log, refuse } = this.options;
    let waiting = true;
    const booting = untilItWorks(() => this.boot(), log, this.stopping.signal).catch((error: unknown) => {
      if (waiting) throw error;
      log.error('worker.refused', errorFields(error));
      refuse(error instanceof Error ? error.message : String(error));
    });
    await atMost(booting, bootWaitMs);
    waiting = false;
  }

  /**
   * Ends in good order within Egg's 5 s: the agent hears of it first, nothing new is begun, what is under way ends within
   * drainMs or is handed over.
   */
  async stop(): Promise<void> {
    const { messenger, pid, log, settings } = this.options;
    const { drainMs } = settings.cluster;
    messenger.sendToAgent(ipcNames.workerEnds, { pid });
    this.stopping.abort();
    const { member } = this.parts;
    const ends = [
      member.drain(drainMs),
      ...[this.feed, this.removal, this.hostDrain].map(part => part.stop()),
      ...[this.runs, this.deliveries].map(part => part.stop(drainMs)),
    ];
    const tellOf = (event: string) => (error: unknown) => log.warn(event, errorFields(error));
    const ended = Promise.all(ends.map(end => end.catch(tellOf('worker.stopFailed'))));
    await atMost(ended, drainMs + handOverMs + lastWritesMs);
    await member.stop(leaveMs).catch(tellOf('worker.leaveFailed'));
    for (const source of this.parts.sources.values()) await source.close();
    await this.parts.database.close();
  }

  private async boot(): Promise<void> {
    const { database, box, member } = this.parts;
    await prepareDatabase(database, () => box.assertKey(database));
    // Whether this host is drained must be known before anything is claimed here.
    await this.hostDrain.look();
    if (this.stopping.signal.aborted) return;
    member.on({
      lost: () => this.runs.leaseLost(),
      regained: previousId => this.runs.leaseRegained(previousId),
      renewed: () => this.runs.renewed(),
    });
    await member.renew();
    member.start();
    this.hostDrain.start();
    this.feed.start();
    this.runs.start();
    this.deliveries.start();
    this.removal.start();
    this.booted = true;
  }

  private listen(): void {
    const { messenger } = this.options;
    messenger.on(ipcNames.run, data => this.runs.accept(runBatchSchema.parse(data)));
    messenger.on(ipcNames.deliveriesWake, () => this.deliveries.wake());
    messenger.on(ipcNames.runsWake, () => this.runs.wake());
    messenger.on(ipcNames.configChanged, data => {
      const change = configChangedSchema.nullable().parse(data);
      void (change === null ? this.feed.look() : this.feed.hint(change));
    });
  }

  private createHostDrain(): HostDrain {
    const { log, settings } = this.options;
    const { database, member } = this.parts;
    return new HostDrain({
      ...{ drains: new Drains(database), member, log, sweepMs: settings.cluster.sweepMs },
      drained: ({ runsUntil }) => this.runs.drained(runsUntil),
      ended: () => {
        this.runs.wake();
        this.deliveries.wake();
      },
    });
  }

  private wakes(): WorkerWakes {
    const { messenger } = this.options;
    return {
      announce: change => messenger.sendToAgent(ipcNames.configChanged, change),
      jobDeleted: () => this.removal.wake(),
      muteEnded: () => messenger.sendToAgent(ipcNames.deliveriesWake, null),
    };
  }

  /** A worker reads definitions from the primary at each use; a change only wakes what may wait for it. */
  private onChange(revisions: Revisions): FeedHandler {
    const { database, member, metrics } = this.parts;
    const ends = new CalendarEnds(new Calendars(database), revisions, member.clock, metrics.registry);
    const wake = () => {
      if (this.booted) this.deliveries.wake();
    };
    const wakeAfter = (loaded: Promise<void>) => loaded.finally(wake);
    return {
      loadAll: () => wakeAfter(ends.loadAll()),
      loadSince: revision => wakeAfter(ends.loadSince(revision)),
      loadOne: (kind, name) => wakeAfter(ends.loadOne(kind, name)),
    };
  }

  private useCases(): Watchbell {
    const { settings, log, messenger, pid } = this.options;
    const { database, alerts, deliveries, sources, metrics } = this.parts;
    const { definitions, mutes } = this;
    const hostMetrics = new HostMetrics(metrics, messenger, pid);
    hostMetrics.listen();
    return {
      settings: { closeTokenInQuery: settings.closeTokenInQuery },
      ...{ log, definitions, mutes },
      trials: new Trials({
        sources: { definitions: definitions.sources, kinds: sources },
        channels: { definitions: definitions.channels, kinds: channels },
        queryContext: this.parts.queryContext(),
        channelOutbound: this.parts.channelOutbound(),
      }),
      jobTrials: this.parts.jobTrials(definitions, this.reader, mutes),
      previews: this.parts.previews(),
      tokens: new TokenService(database),
      runs: new RunReader(database),
      runControl: this.runs.control,
      alerts: new AlertReader(alerts, new Jobs(database), mutes),
      deliveries: new DeliveryReader(deliveries),
      cluster: new ClusterStatus(database),
      hosts: new HostControl(database, log),
      kinds: kindsDocument({ executors: this.parts.executors, sources, channels }),
      memberId: () => this.parts.member.memberId,
      readiness: () => this.readiness(),
      metricsText: () => hostMetrics.text(),
    };
  }

  private async readiness(): Promise<{ ready: boolean; reasons: string[] }> {
    const reasons: string[] = [];
    if (!(await this.mongoDbAnswers())) reasons.push('MongoDB does not answer');
    if (!this.booted) reasons.push('the start is not complete');
    else if (!this.parts.member.valid) reasons.push('this member holds no lease');
    if (this.feed.applied < 0) reasons.push('the definitions are not loaded');
    return { ready: reasons.length === 0, reasons };
  }

  private async mongoDbAnswers(): Promise<boolean> {
    try {
      await this.parts.database.db.command({ ping: 1 }, { timeoutMS: pingMs });
      return true;
    } catch (error) {
      this.options.log.warn('readiness.ping', errorFields(error));
      return false;
    }
  }
}
