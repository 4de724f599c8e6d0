import { channels } from '../channel';
import { Member } from '../cluster/member';
import { Metrics } from '../cluster/metrics';
import type { WorkerMessenger } from '../cluster/metricsExchange';
import type { Log } from '../domain/log';
import { executorsWith } from '../executor';
import type { AnyExecutor } from '../executor/types';
import { Alerts } from '../repository/alerts';
import { Calendars } from '../repository/calendars';
import { Database } from '../repository/database';
import { Deliveries } from '../repository/deliveries';
import { Jobs } from '../repository/jobs';
import { Members } from '../repository/members';
import { Mutes } from '../repository/mutes';
import { Removals } from '../repository/removals';
import { RunQueue } from '../repository/runQueue';
import { Runs } from '../repository/runs';
import { Subjects } from '../repository/subjects';
import { createSources } from '../source';
import { createDefinitions, type Definitions } from './definition';
import { SecretBox } from './definition/secretBox';
import { createDeliveryLoop } from './delivery';
import type { DeliveryLoop } from './delivery/loop';
import { JobTrials } from './jobTrials';
import { MuteService } from './mutes';
import { SchedulePreviews } from './preview';
import { JobRemoval } from './run/jobRemoval';
import { RunService } from './run/runService';
import { SourceReader, type SourceReaderPorts } from './run/sourceReader';
import { TrialMessages } from './trialMessages';
import type { WorkerSettings } from './workerSettings';

export interface WorkerOptions {
  settings: WorkerSettings;
  messenger: WorkerMessenger;
  log: Log;
  pid: number;
  masterPid: number;
  /** Workers of this host. */
  workers: number;
}

/** What the worker wakes when something was written in it. */
export interface WorkerWakes {
  announce: Parameters<typeof createDefinitions>[0]['announce'];
  jobDeleted(): void;
  /** Deliveries of every worker of this host. */
  muteEnded(): void;
}

const dayMs = 86_400_000;
/** Twice what a relay may be behind. */
const removalQuietMs = 10_000;

/** The stores and plugs of one worker, before anything of it runs. */
export class WorkerParts {
  readonly metrics = new Metrics();
  readonly sources = createSources();
  readonly database: Database;
  readonly members: Members;
  readonly member: Member;
  readonly alerts: Alerts;
  readonly deliveries: Deliveries;
  readonly subjects: Subjects;
  readonly mutes: Mutes;
  readonly box: SecretBox;
  readonly executors: ReadonlyMap<string, AnyExecutor>;

  constructor(readonly options: WorkerOptions) {
    const { settings, log, pid, masterPid } = options;
    const { mongodbUrl: url, databaseName: name, operationMs, serverSelectionMs } = settings.cluster;
    this.database = new Database({ url, name, operationMs, serverSelectionMs, appName: 'watchbell-worker' });
    this.members = new Members(this.database);
    this.member = new Member(this.members, { ...settings.cluster, role: 'worker', pid, masterPid }, log, this.metrics);
    this.alerts = new Alerts(this.database);
    this.deliveries = new Deliveries(this.database, settings.deliveryRetentionDays * dayMs);
    this.subjects = new Subjects(this.database);
    this.mutes = new Mutes(this.database);
    this.box = new SecretBox(settings.secretKey);
    const drill = settings.drill ? { outbound: this.channelOutbound(), lease: this.member } : null;
    this.executors = executorsWith(drill);
  }

  definitions(wakes: WorkerWakes): Definitions {
    const { settings } = this.options;
    return createDefinitions({
      database: this.database,
      box: this.box,
      executors: this.executors,
      sources: this.sources,
      channels,
      defaultZone: settings.defaultZone,
      runRetentionDays: settings.cluster.runRetentionDays,
      now: () => this.member.clock.now(),
      writeLimitMs: settings.cluster.operationMs,
      announce: wakes.announce,
      onJobDeleted: () => wakes.jobDeleted(),
      onChannelHealed: name => this.deliveries.channelHealed(name),
    });
  }

  muteService(wakes: WorkerWakes): MuteService {
    const { mutes, subjects, deliveries } = this;
    return new MuteService({ mutes, subjects, deliveries, wake: () => wakes.muteEnded() });
  }

  /** One for the process: what it counts is the places at each source. */
  sourceReader(definitions: Definitions): SourceReader {
    const { workers } = this.options;
    const loadSource: SourceReaderPorts['loadSource'] = name => definitions.sources.load(name);
    return new SourceReader({ sources: this.sources, loadSource, ...this.queryContext(), workers });
  }

  runService(reader: SourceReader, wakeDeliveries: () => void): RunService {
    const { settings, log } = this.options;
    const { cluster, maxRuns, alertRetentionDays } = settings;
    const { database, members, alerts, member, metrics, executors } = this;
    return new RunService({
      ...{ database, members, alerts, executors, reader, metrics, log, wakeDeliveries, maxRuns, alertRetentionDays },
      ...cluster,
      runs: new Runs(database, cluster.runRetentionDays),
      lease: member,
      clock: member.clock,
    });
  }

  deliveryLoop(definitions: Definitions): DeliveryLoop {
    const { settings, log } = this.options;
    const { database, deliveries, mutes, subjects, alerts, members, member, metrics } = this;
    return createDeliveryLoop(
      {
        ...{ database, deliveries, mutes, subjects, metrics, log },
        outbox: alerts,
        liveOf: ids => members.liveOf(ids),
        surroundings: {
          lease: member,
          clock: member.clock,
          monotonic: () => performance.now(),
          outbound: this.channelOutbound(),
          channels,
          loadChannel: name => definitions.channels.load(name),
          linkOf: alertId => linkOf(settings.publicUrl, alertId),
        },
      },
      { sweepMs: settings.cluster.sweepMs, concurrency: settings.maxSends },
    );
  }

  previews(): SchedulePreviews {
    const { defaultZone } = this.options.settings;
    return new SchedulePreviews({ calendars: new Calendars(this.database), clock: this.member.clock, defaultZone });
  }

  jobTrials({ jobs, channels: remotes }: Definitions, reader: SourceReader, mutes: MuteService): JobTrials {
    const messages = new TrialMessages({
      loadChannel: name => remotes.load(name),
      channels,
      mutedBy: labels => mutes.mutedBy(labels),
      linkOf: alertId => linkOf(this.options.settings.publicUrl, alertId),
    });
    const { alerts, database, executors } = this;
    const { clock, hostId } = this.member;
    const stores = { definitions: jobs, jobs: new Jobs(database), alerts };
    return new JobTrials({ ...stores, executors, reader, messages, clock, hostId });
  }

  jobRemoval(): JobRemoval {
    const { settings, log } = this.options;
    const { alerts, database, member } = this;
    const { alertRetentionDays } = settings;
    const stores = { removals: new Removals(database), queue: new RunQueue(database), alerts };
    return new JobRemoval({ ...stores, clock: member.clock, log, alertRetentionDays, quietMs: removalQuietMs });
  }

  /** What every query gets besides what is its own. A source never reaches Watchbell's own database. */
  queryContext() {
    const { outbound } = this.options.settings;
    const hosts = this.database.client.options.hosts.map(host => host.toString());
    const database = this.database.db.databaseName;
    return {
      outbound: { ...outbound, purpose: 'source' as const },
      forbiddenDatabase: { hosts, database },
    };
  }

  channelOutbound() {
    return { ...this.options.settings.outbound, purpose: 'channel' as const };
  }
}

function linkOf(publicUrl: string | null, alertId: string): string | null {
  return publicUrl === null ? null : new URL(`/api/v1/alerts/${encodeURIComponent(alertId)}`, publicUrl).toString();
}
