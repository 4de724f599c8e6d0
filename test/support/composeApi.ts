import { channels } from '../../app/channel';
import { Member } from '../../app/cluster/member';
import { Metrics } from '../../app/cluster/metrics';
import { errorFields } from '../../app/domain/log';
import { executors } from '../../app/executor';
import { Alerts } from '../../app/repository/alerts';
import { Calendars } from '../../app/repository/calendars';
import { Database } from '../../app/repository/database';
import { Deliveries } from '../../app/repository/deliveries';
import { Jobs } from '../../app/repository/jobs';
import { Members } from '../../app/repository/members';
import { Mutes } from '../../app/repository/mutes';
import { Runs } from '../../app/repository/runs';
import { Subjects } from '../../app/repository/subjects';
import { AlertReader } from '../../app/service/alerts';
import { ClusterStatus } from '../../app/service/clusterStatus';
import { createDefinitions } from '../../app/service/definition';
import { SecretBox } from '../../app/service/definition/secretBox';
import { DeliveryReader } from '../../app/service/deliveries';
import { HostControl } from '../../app/service/hostControl';
import { JobTrials } from '../../app/service/jobTrials';
import { kindsDocument } from '../../app/service/kinds';
import { MuteService } from '../../app/service/mutes';
import { SchedulePreviews } from '../../app/service/preview';
import { RunService, type RunServicePorts } from '../../app/service/run/runService';
import { SourceReader } from '../../app/service/run/sourceReader';
import { RunReader } from '../../app/service/runs';
import { TokenService } from '../../app/service/tokens';
import { TrialMessages } from '../../app/service/trialMessages';
import { Trials } from '../../app/service/trials';
import type { Watchbell } from '../../app/service/watchbell';
import { createSources } from '../../app/source';
import { RecordedLog } from './log';

export const testSecretKey = 'a key that only tests use';
const operationMs = 3500;
const defaultZone = 'Asia/Shanghai';

/** What a test may look at beside the answers. */
export interface ApiWatchbell extends Watchbell {
  readonly log: RecordedLog;
  readonly announced: string[];
  readonly removed: string[];
  /** Becomes a live member: from then on runs can be asked for. */
  join(): Promise<void>;
  close(): Promise<void>;
}

/** The use cases behind the routes on one database, in a member whose loops stand still. */
export function composeApi(url: string, options: { closeTokenInQuery: boolean }): ApiWatchbell {
  const database = new Database({ url, name: 'unused', operationMs, serverSelectionMs: 3000, appName: 'api-test' });
  const log = new RecordedLog();
  const sources = createSources();
  const announced: string[] = [];
  const removed: string[] = [];
  const definitions = createDefinitions({
    ...{ database, executors, sources, channels },
    box: new SecretBox(testSecretKey),
    defaultZone,
    runRetentionDays: 30,
    now: () => new Date(),
    writeLimitMs: operationMs,
    announce: change => announced.push(`${change.kind}:${change.name}@${change.revision}`),
    onJobDeleted: name => removed.push(name),
    onChannelHealed: name => new Deliveries(database, 86_400_000).channelHealed(name),
  });
  const mutes = muteService(database);
  const outbound = { allowNets: [], allowLoopback: true };
  const alerts = new Alerts(database);
  const reader = new SourceReader({
    sources,
    loadSource: name => definitions.sources.load(name),
    outbound: { ...outbound, purpose: 'source' },
    forbiddenDatabase: { hosts: database.client.options.hosts.map(String), database: database.db.databaseName },
    workers: 1,
  });
  const { member, runService } = runServiceOf(database, { alerts, reader, executors });
  return {
    settings: options,
    ...{ log, definitions, mutes, announced, removed },
    trials: new Trials({
      sources: { definitions: definitions.sources, kinds: sources },
      channels: { definitions: definitions.channels, kinds: channels },
      queryContext: { outbound: { ...outbound, purpose: 'source' } },
      channelOutbound: { ...outbound, purpose: 'channel' },
    }),
    jobTrials: new JobTrials({
      ...{ definitions: definitions.jobs, jobs: new Jobs(database), alerts, executors, hostId: 'api-test' },
      reader,
      messages: new TrialMessages({
        loadChannel: name => definitions.channels.load(name),
        channels,
        mutedBy: labels => mutes.mutedBy(labels),
        linkOf: alertId => `https://watchbell.example/alerts/${encodeURIComponent(alertId)}`,
      }),
      clock: { now: () => new Date() },
    }),
    previews: new SchedulePreviews({
      calendars: new Calendars(database),
      clock: { now: () => new Date() },
      defaultZone,
    }),
    tokens: new TokenService(database),
    runs: new RunReader(database),
    runControl: runService.control,
    alerts: new AlertReader(alerts, new Jobs(database), mutes),
    deliveries: new DeliveryReader(new Deliveries(database, 86_400_000)),
    cluster: new ClusterStatus(database),
    hosts: new HostControl(database, log),
    kinds: kindsDocument({ executors, sources, channels }),
    memberId: () => 'api-test:1:0',
    readiness: async () => ({ ready: false, reasons: ['a test holds no lease'] }),
    metricsText: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'watchbell_up 1\n' }),
    join: () => member.renew(),
    close: async () => {
      // A test may have taken its MongoDB away.
      for (const end of await Promise.allSettled([runService.stop(0), member.stop(1000)])) {
        if (end.status === 'rejected') log.warn('api.closeFailed', errorFields(end.reason));
      }
      await database.close();
    },
  };
}

function muteService(database: Database): MuteService {
  const parts = { mutes: new Mutes(database), subjects: new Subjects(database) };
  return new MuteService({ ...parts, deliveries: new Deliveries(database, 86_400_000), wake: () => undefined });
}

function runServiceOf(database: Database, ports: Pick<RunServicePorts, 'alerts' | 'reader' | 'executors'>) {
  const [members, metrics, log] = [new Members(database), new Metrics(), new RecordedLog()];
  const identity = {
    hostId: 'api-test',
    hostLabels: {},
    role: 'worker' as const,
    pid: process.pid,
    masterPid: process.ppid,
  };
  const lease = { leaseMs: 600_000, renewMs: 3000, renewalLimitMs: 2500, skewMaxMs: 60_000 };
  const member = new Member(members, { ...identity, ...lease }, log, metrics);
  const limits = {
    hostLabels: {},
    leaseMs: 600_000,
    maxRuns: 100,
    sweepMs: 1000,
    killGraceMs: 5000,
    misfireHorizonMs: 86_400_000,
  };
  const runService = new RunService({
    ...{ database, members, metrics, log, ...ports, ...limits },
    ...{ runs: new Runs(database, 30), lease: member, clock: member.clock, wakeDeliveries: () => undefined },
    ...{ runRetentionDays: 30, alertRetentionDays: 30 },
  });
  return { member, runService };
}
