import type { z } from 'zod';
import type { CheckResult, Rule } from '../domain/alert/types';
import type { SeriesPoint } from '../domain/message/types';

/** Which start of which occurrence is being executed: what a receiver needs to know a repetition. */
export interface RunIdentity {
  /** The occurrence's id: equal for all attempts (`Idempotency-Key`). */
  id: string;
  /** Raised by every start (`Watchbell-Fence`). */
  fence: number;
}

/** What an executor may use: nothing of Egg, nothing of the storage. */
export interface RunTools {
  /** Absent in a trial, which is no run. */
  readonly run?: RunIdentity;
  /** Reads a defined source by name; throws SourceError. */
  readSource(name: string, query: unknown, signal: AbortSignal): Promise<SeriesPoint[]>;
}

/** What a run found. It writes nothing and sends nothing itself. */
export interface Outcome {
  /** What the alert state machine judges; null for kinds without alerts. */
  check: {
    rule: Rule;
    /** What the rule judges (source and query): when it changes, what was pending starts anew. */
    subject: unknown;
    result: CheckResult;
  } | null;
  /** Short figures kept on the run's record. */
  summary: Record<string, number>;
}

/** A job kind. One file in this folder and one line in index.ts add one. */
export interface Executor<Settings> {
  readonly kind: string;
  readonly settings: z.ZodType<Settings>;
  /** Names of the definitions that these settings refer to, for the reference checks. */
  references(settings: Settings): { source: string; query: unknown }[];
  /** Runs once. Throws SourceError or another error for a failed attempt: retries and the alert's error state are decided outside. */
  run(settings: Settings, tools: RunTools, signal: AbortSignal): Promise<Outcome>;
  /** What the alerts are told when every attempt failed; null for kinds without alerts. */
  failed(settings: Settings, error: { code: string; message: string }): Outcome['check'];
}

/** An executor whose settings are not typed: what the registry holds. Settings that its schema refuses throw ValidationError. */
export interface AnyExecutor extends Omit<Executor<unknown>, 'settings'> {
  readonly settings: z.ZodType;
}
