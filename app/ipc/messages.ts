import { z } from 'zod';

/** Names of the messages between agent and workers. Each only wakes: what it says stands in MongoDB too. */
export const ipcNames = {
  run: 'watchbell:run',
  configChanged: 'watchbell:configChanged',
  deliveriesWake: 'watchbell:deliveriesWake',
  /** agent → workers: runs were queued, look which lanes are free. */
  runsWake: 'watchbell:runsWake',
  /** worker → agent: this worker has begun to end, announce nothing to it any more. */
  workerEnds: 'watchbell:workerEnds',
  /** worker → agent: the figures of the whole host, please. */
  metricsAsk: 'watchbell:metricsAsk',
  /** agent → workers: your figures, please. */
  metricsCollect: 'watchbell:metricsCollect',
  /** worker → agent. */
  metricsReport: 'watchbell:metricsReport',
  /** agent → the worker that asked. */
  metricsAnswer: 'watchbell:metricsAnswer',
} as const;

/** One due occurrence, agent → worker. Short names: thousands travel in one message. */
const runHintSchema = z.object({
  job: z.string(),
  revision: z.number().int(),
  /** scheduledAt in ms. */
  at: z.number(),
  overlap: z.enum(['skip', 'queue', 'allow', 'replace']),
  /** In ms: later it may not be claimed any more; what is missed is decided by the misfire policy, in one transaction. */
  claimUntil: z.number(),
  onLost: z.enum(['retry', 'close']),
  /** Where it may run; absent in the usual case, on one host and on any. */
  placement: z.object({ on: z.enum(['one', 'every-host']), hostLabels: z.record(z.string(), z.string()) }).optional(),
});

export type RunHint = z.infer<typeof runHintSchema>;

export const runBatchSchema = z.array(runHintSchema);

/** A definition was written, worker → agent → workers of this host. */
export const configChangedSchema = z.object({
  kind: z.enum(['job', 'source', 'channel', 'calendar']),
  name: z.string(),
  revision: z.number().int(),
});

export type ConfigChanged = z.infer<typeof configChangedSchema>;

export const workerEndsSchema = z.object({ pid: z.number().int() });

export const metricsAskSchema = z.object({ id: z.string(), pid: z.number().int() });
export const metricsCollectSchema = z.object({ id: z.string() });
/** The figures of one process as prom-client's getMetricsAsJSON gives them. */
export const metricsReportSchema = z.object({ id: z.string(), figures: z.array(z.looseObject({ name: z.string() })) });
export const metricsAnswerSchema = z.object({ id: z.string(), reports: z.array(metricsReportSchema.shape.figures) });
