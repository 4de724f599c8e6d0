import type { Labels, MessageKind, SeriesPoint } from '../message/types';

export type AlertState = 'ok' | 'pending' | 'firing' | 'noData' | 'error';

export type Operator = '>' | '>=' | '<' | '<=' | '==' | '!=' | 'outside' | 'inside';
export type NoDataPolicy = 'noData' | 'ok' | 'firing' | 'keep';
export type ErrorPolicy = 'error' | 'ok' | 'firing' | 'keep';

export interface Rule {
  op: Operator;
  /** One number; for `outside` and `inside` [low, high]. */
  threshold: number | [number, number];
  /** Under it the alert recovers; null means as soon as the threshold is no longer passed. Only for one-sided operators. */
  recovery: number | null;
  /** How long the threshold must be passed before it fires. */
  forMs: number;
  noData: NoDataPolicy;
  onError: ErrorPolicy;
}

/** What an evaluation found. A run writes nothing itself: this is its whole result. */
export type CheckResult =
  | { type: 'series'; series: SeriesPoint[] }
  | { type: 'error'; error: { code: string; message: string } };

/** Which evaluation wrote an alert last; with seq it is what a write must find unchanged. */
export interface Token {
  scheduledAt: Date;
  fence: number;
}

/** A message that is decided but not yet a delivery. */
export interface OutboxEntry {
  seq: number;
  kind: MessageKind;
  channels: string[];
  message: import('../message/types').AlertMessage;
}

/** The state of one rule for one series, as stored. */
export interface Alert {
  /** `job.createdRevision.hash(labels)`: a job made anew starts anew. */
  alertId: string;
  job: string;
  jobCreatedRevision: number;
  /** The series' own labels. */
  series: Labels;
  /** Labels that mutes match: the job's labels, the series' labels and `job`. */
  labels: Labels;
  state: AlertState;
  value: number | null;
  error: { code: string; message: string } | null;
  /** Since when it is in this state (scheduledAt of the evaluation). */
  since: Date;
  /** Since when the condition that it waits for (forMs) holds; null when nothing is pending. */
  conditionSince: Date | null;
  /** Which condition waits: `firing`, `noData` or `error`. */
  condition: 'firing' | 'noData' | 'error' | null;
  /** A firing was told and no resolved yet: also while noData or error stand in between. */
  firingTold: boolean;
  /** noData or error was told and nothing since. */
  troubleTold: boolean;
  lastToldAt: Date | null;
  resolvedAt: Date | null;
  lastEvaluatedAt: Date;
  /** Successful evaluations in a row in which the series was absent. */
  absentCount: number;
  /** Closed alerts are history: the series is gone or the job deleted. */
  closed: boolean;
  /** Identifies the rule and the query that judged last: a changed query or source resets pending. */
  ruleHash: string;
  queryHash: string;
  seq: number;
  token: Token;
  outbox: OutboxEntry[];
}

/** One change of state, kept as history. */
export interface Transition {
  alertId: string;
  seq: number;
  from: AlertState;
  to: AlertState;
  at: Date;
  value: number | null;
  note: string | null;
  error: { code: string; message: string } | null;
}
