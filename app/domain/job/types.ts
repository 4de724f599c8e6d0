import type { JobCalendar } from '../calendar/types';
import type { Labels } from '../message/types';

/** When a job is due. Exactly one of the three forms. */
export type Schedule = CronSchedule | EverySchedule | OnceSchedule;

export interface CronSchedule {
  /** 5 fields, 6 with seconds, or `@hourly` …. */
  cron: string;
  /** IANA name. */
  zone: string;
  dst: 'skip' | 'shift';
  repeated: 'first' | 'second' | 'both';
}

export interface EverySchedule {
  everyMs: number;
  /** Instants are anchorAt + n × everyMs, so that every host computes the same ones. */
  anchorAt: Date;
}

export interface OnceSchedule {
  at: Date;
}

export type Misfire = 'skip' | 'last' | 'all';
export type Overlap = 'skip' | 'queue' | 'allow' | 'replace';
/** What a run whose member died means: `retry` runs it again (at least once), `close` ends it as lost (at most once). */
export type OnLost = 'retry' | 'close';

export interface Retry {
  /** Further attempts after the first. */
  limit: number;
  backoffMs: number;
  factor: number;
}

export interface Notify {
  channels: string[];
  /** A firing alert is told again after this span; null never repeats. */
  repeatMs: number | null;
  onResolved: boolean;
}

/** Where the occurrences of a job run. */
export interface Placement {
  /** Each occurrence once on one of the hosts, or once on every one of them. */
  on: 'one' | 'every-host';
  /** Only hosts that have all of these labels. */
  hostLabels: Labels;
}

/** What a job is, without what MongoDB keeps beside it. The kind's own settings stand under the kind's name. */
export interface JobSpec {
  kind: string;
  title: string;
  enabled: boolean;
  labels: Record<string, string>;
  schedule: Schedule;
  misfire: Misfire;
  misfireLimit: number;
  graceMs: number;
  onLost: OnLost;
  overlap: Overlap;
  timeoutMs: number;
  jitterMs: number;
  retry: Retry;
  startAt: Date | null;
  endAt: Date | null;
  calendar: JobCalendar | null;
  placement: Placement;
  /** The settings of the kind, validated by its executor's schema (`check`, …). */
  settings: unknown;
  notify: Notify;
}

/** Who stopped a job, when and why. */
export interface Pause {
  note: string;
  by: string;
  at: Date;
}

/** A job as stored and used inside. */
export interface Job extends JobSpec {
  name: string;
  revision: number;
  /** The revision at which the job was made: alerts of a job deleted and made anew start anew. */
  createdRevision: number;
  /** Nothing before it was ever due: set by the write that creates, enables, resumes or reschedules the job. */
  plannedFromAt: Date;
  paused: Pause | null;
  /** Since when it does not run by its schedule (paused or disabled); null while it does. */
  idleSinceAt: Date | null;
}
