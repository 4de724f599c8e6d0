import type { ClusterSettings } from '../cluster/settings';

/** What a worker needs to know beside its membership; config/ fills it. */
export interface WorkerSettings {
  cluster: ClusterSettings;
  secretKey: string;
  /** Address under which people reach Watchbell; null leaves links out of messages. */
  publicUrl: string | null;
  defaultZone: string;
  outbound: { allowNets: string[]; allowLoopback: boolean };
  closeTokenInQuery: boolean;
  /** Registers the job kind of `npm run drill`. */
  drill: boolean;
  maxRuns: number;
  maxSends: number;
  alertRetentionDays: number;
  deliveryRetentionDays: number;
}
