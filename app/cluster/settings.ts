/** The part of the settings that members need; config/settings.ts fills it. */
export interface ClusterSettings {
  mongodbUrl: string;
  databaseName: string;
  hostId: string;
  hostLabels: Record<string, string>;
  leaseMs: number;
  renewMs: number;
  sweepMs: number;
  standbyMs: number;
  reannounceMs: number;
  misfireHorizonMs: number;
  killGraceMs: number;
  /** What is under way when this process is told to end gets this long. */
  drainMs: number;
  skewMaxMs: number;
  pollMs: number;
  serverSelectionMs: number;
  operationMs: number;
  renewalLimitMs: number;
  runRetentionDays: number;
}
