import { channels } from '../channel';
import type { Log } from '../domain/log';
import { ChannelHealth } from '../repository/channelHealth';
import { SelfAlerts } from '../repository/selfAlerts';
import { SelfObservations, type StoredChannel } from '../repository/selfObservations';
import { DatabaseAbsence } from './databaseAbsence';
import { Heartbeat } from './heartbeat';
import { HostFigures } from './hostFigures';
import { SelfChannel } from './selfChannel';
import { type KeptChannel, SelfFile } from './selfFile';
import { SelfMetrics } from './selfMetrics';
import { observe, SelfWatch } from './selfWatch';
import { SharedTroubles } from './sharedTroubles';
import type { AgentVitals, Sealer, SelfMessenger, SelfWatchSettings } from './types';
import { Wakefulness } from './wakefulness';

export interface SelfWatchOptions {
  settings: SelfWatchSettings;
  vitals: AgentVitals;
  messenger: SelfMessenger;
  log: Log;
  sealer: Sealer;
  /** A stored channel with its secrets opened. */
  openChannel: (stored: StoredChannel) => KeptChannel;
  /** How often it looks, in ms. */
  lookMs?: number;
}

/** The watch over Watchbell itself and its heartbeat: to be started before the agent, which may wait for MongoDB. */
export interface SelfWatching {
  start(): void;
  stop(): Promise<void>;
}

const defaultLookMs = 5000;
/** A look may take this long when MongoDB is slow. */
const slowLookMs = 20_000;

export function createSelfWatch(options: SelfWatchOptions): SelfWatching {
  const stopping = new AbortController();
  const metrics = new SelfMetrics(options.vitals.metrics.registry);
  const { watch, absence, observations } = composeWatch(options, metrics, stopping.signal);
  const heartbeat = composeHeartbeat(options, metrics, stopping.signal, absence, observations);
  return {
    start() {
      watch.start();
      heartbeat?.start();
    },
    async stop() {
      stopping.abort();
      await Promise.all([watch.stop(), heartbeat?.stop()]);
    },
  };
}

function composeWatch(options: SelfWatchOptions, metrics: SelfMetrics, signal: AbortSignal) {
  const { settings, vitals, log, sealer, openChannel } = options;
  const { hostId, alertAfterMs } = settings;
  const { lookMs = defaultLookMs } = options;
  const limits = { quietMs: 3 * lookMs, gapMs: lookMs + slowLookMs };
  const { clock } = vitals.member;
  const monotonic = () => performance.now();
  const now = () => clock.now();
  const observations = new SelfObservations(vitals.database);
  const alerts = new SelfAlerts(vitals.database);
  const health = new ChannelHealth(vitals.database);
  const channel = new SelfChannel({ channels, outbound: outboundOf(settings), log, metrics, signal });
  const common = { hostId, alertAfterMs, monotonic, channel, alerts };
  const absence: DatabaseAbsence = new DatabaseAbsence({
    ...common,
    clock,
    rank: () => watch.rank,
    keep: () => watch.keep(),
  });
  const look = () => observe(observations, now(), { hostId, loops: vitals.loops() });
  const shared = new SharedTroubles({ ...common, limits, health, metrics, log, now, observe: look });
  const file = new SelfFile(settings.file, sealer, log);
  const wakefulness = new Wakefulness(monotonic);
  const hosts = () => vitals.hosts();
  const watch: SelfWatch = new SelfWatch(
    { hostId, observations, channel, file, absence, shared, wakefulness, openChannel, hosts, log },
    lookMs,
  );
  vitals.member.on({ renewed: () => absence.renewed() });
  return { watch, absence, observations };
}

function composeHeartbeat(
  { settings, vitals, messenger, log }: SelfWatchOptions,
  metrics: SelfMetrics,
  signal: AbortSignal,
  absence: DatabaseAbsence,
  observations: SelfObservations,
): Heartbeat | null {
  const { heartbeatUrl, heartbeatIntervalMs } = settings;
  if (heartbeatUrl === null) return null;
  const figures = new HostFigures(vitals.metrics, messenger, () => vitals.workers());
  figures.listen();
  const ports = {
    ...{ log, metrics, signal },
    outbound: outboundOf(settings),
    monotonic: () => performance.now(),
    now: () => vitals.member.clock.now(),
    renewedAgoMs: () => absence.renewedAgoMs,
    suspended: () => vitals.member.suspended,
    counts: () => figures.counts(),
    overdueDeliveries: (before: Date) => observations.overdueDeliveries(before),
  };
  return new Heartbeat(ports, heartbeatUrl, heartbeatIntervalMs);
}

function outboundOf({ outbound }: SelfWatchSettings) {
  return { ...outbound, purpose: 'channel' as const };
}
