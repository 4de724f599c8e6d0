import type { Notify } from '../job/types';
import type { AlertMessage, Labels, MessageKind, SeriesPoint } from '../message/types';

export type AlertState = 'ok' | 'pending' | 'firing' | 'noData' | 'error';

type Operator = '>' | '>=' | '<' | '<=' | '==' | '!=' | 'outside' | 'inside';
export type NoDataPolicy = 'noData' | 'ok' | 'firing' | 'keep';
export type ErrorPolicy = 'error' | 'ok' | 'firing' | 'keep';

export interface Rule {
  op: Operator;
  /** One number; for `outside` and `inside` [low, high]. */
  threshold: number | [number, number];
  /** Strictly past it the alert recovers; null: as soon as the threshold is no longer passed. Only one-sided operators have one. */
  recovery: number | null;
  /** How long the threshold must be passed before it fires, in ms of scheduledAt; delays `noData` and `error` of a quiet alert too. */
  forMs: number;
  noData: NoDataPolicy;
  onError: ErrorPolicy;
}

/** What an evaluation found. A run writes nothing itself: this is its whole result. */
export type CheckResult =
  | { type: 'series'; series: SeriesPoint[] }
  | { type: 'error'; error: { code: string; message: string } };

/** Which evaluation wrote an alert last; with seq it is what a write must find unchanged. */
interface Token {
  scheduledAt: Date;
  fence: number;
}

/** A message that is decided but not yet a delivery. */
export interface OutboxEntry {
  seq: number;
  kind: MessageKind;
  channels: string[];
  message: AlertMessage;
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
  /** Since when the trouble holds that it waits for (forMs) or is in; null in `ok`. */
  conditionSince: Date | null;
  /** Which trouble that is: while `pending` the state that it waits for, otherwise the state itself; null in `ok`. */
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

/** What evaluate needs to know of a job. */
export interface EvaluatedJob {
  name: string;
  title: string;
  createdRevision: number;
  labels: Labels;
  rule: Rule;
  ruleHash: string;
  /** Of the query and the source together: a change of either resets `pending`. */
  queryHash: string;
  notify: Notify;
}

export interface EvaluationInput {
  job: EvaluatedJob;
  result: CheckResult;
  /** All open alerts of (job, createdRevision), and the closed ones of the series in the result: those open again. */
  alerts: readonly Alert[];
  /**
   * Labels that Watchbell gives each series of this evaluation: `host` where every host runs the job. `alerts` are those
   * with these labels only. The alert of an error that came before any series has just them.
   */
  ownLabels?: Labels;
  /** Open alerts that nobody evaluates any more: of hosts that do not run the job, or from before hosts were told apart. */
  leftBehind?: readonly Alert[];
  scheduledAt: Date;
  fence: number;
}

export interface Evaluation {
  /** Complete new documents of every alert that was judged; an alert that a later evaluation judged already is missing. */
  alerts: Alert[];
  transitions: Transition[];
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
