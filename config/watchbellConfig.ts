import path from 'node:path';
import { hostId } from '../app/cluster/hostIdentity';
import type { ClusterSettings } from '../app/cluster/settings';
import { SettingsError } from '../app/domain/errors';
import type { SelfWatchSettings } from '../app/selfwatch/types';
import type { WorkerSettings } from '../app/service/workerSettings';
import { readSettings, type Settings } from './settings';

/** What agent.ts and app.ts compose from: `app.config.watchbell`. */
export interface WatchbellConfig extends WorkerSettings {
  selfWatch: SelfWatchSettings;
}

export function watchbellConfig(settings: Settings): WatchbellConfig {
  return {
    cluster: clusterSettings(settings),
    secretKey: settings.WATCHBELL_SECRET_KEY,
    publicUrl: settings.WATCHBELL_PUBLIC_URL ?? null,
    defaultZone: settings.WATCHBELL_DEFAULT_ZONE,
    outbound: { allowNets: settings.WATCHBELL_ALLOW_NETS, allowLoopback: settings.WATCHBELL_ALLOW_LOOPBACK },
    closeTokenInQuery: settings.WATCHBELL_CLOSE_TOKEN_IN_QUERY,
    drill: settings.WATCHBELL_DRILL,
    maxRuns: settings.WATCHBELL_MAX_RUNS,
    maxSends: settings.WATCHBELL_MAX_SENDS,
    alertRetentionDays: settings.WATCHBELL_ALERT_RETENTION_DAYS,
    deliveryRetentionDays: settings.WATCHBELL_DELIVERY_RETENTION_DAYS,
    selfWatch: selfWatchSettings(settings),
  };
}

/** The settings, or the end of this process with one sentence: a server without them must not come up half. */
export function settingsOrExit(): Settings {
  try {
    return readSettings();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function selfWatchSettings(settings: Settings): SelfWatchSettings {
  return {
    hostId: hostId(settings.WATCHBELL_HOST_ID, settings.WATCHBELL_DATA_DIR),
    file: path.join(settings.WATCHBELL_DATA_DIR, 'self-channel'),
    alertAfterMs: settings.WATCHBELL_SELF_ALERT_AFTER_MS,
    heartbeatUrl: settings.WATCHBELL_HEARTBEAT_URL ?? null,
    heartbeatIntervalMs: settings.WATCHBELL_HEARTBEAT_INTERVAL_MS,
    outbound: { allowNets: settings.WATCHBELL_ALLOW_NETS, allowLoopback: settings.WATCHBELL_ALLOW_LOOPBACK },
  };
}

function clusterSettings(settings: Settings): ClusterSettings {
  return {
    mongodbUrl: settings.MONGODB_URL,
    databaseName: settings.WATCHBELL_DATABASE,
    hostId: hostId(settings.WATCHBELL_HOST_ID, settings.WATCHBELL_DATA_DIR),
    hostLabels: settings.WATCHBELL_HOST_LABELS,
    leaseMs: settings.WATCHBELL_LEASE_MS,
    renewMs: settings.WATCHBELL_RENEW_MS,
    sweepMs: settings.WATCHBELL_SWEEP_MS,
    standbyMs: settings.WATCHBELL_STANDBY_MS,
    reannounceMs: settings.WATCHBELL_REANNOUNCE_MS,
    misfireHorizonMs: settings.WATCHBELL_MISFIRE_HORIZON_MS,
    killGraceMs: settings.WATCHBELL_KILL_GRACE_MS,
    drainMs: settings.WATCHBELL_DRAIN_MS,
    skewMaxMs: settings.WATCHBELL_SKEW_MAX_MS,
    pollMs: settings.WATCHBELL_POLL_MS,
    serverSelectionMs: settings.WATCHBELL_SERVER_SELECTION_MS,
    operationMs: settings.WATCHBELL_OPERATION_MS,
    renewalLimitMs: settings.WATCHBELL_RENEWAL_LIMIT_MS,
    runRetentionDays: settings.WATCHBELL_RUN_RETENTION_DAYS,
  };
}
