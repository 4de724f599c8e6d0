import { evaluate } from '../../../../app/domain/alert/evaluate';
import type {
  Alert,
  CheckResult,
  EvaluatedJob,
  OutboxEntry,
  Rule,
  Transition,
} from '../../../../app/domain/alert/types';
import type { Notify } from '../../../../app/domain/job/types';
import type { Labels } from '../../../../app/domain/message/types';

export const minuteMs = 60_000;

/** The instant n minutes after the test's beginning. */
export function minute(n: number): Date {
  return new Date(Date.UTC(2026, 10, 21) + n * minuteMs);
}

export interface JobParts {
  name?: string;
  rule?: Partial<Rule>;
  notify?: Partial<Notify>;
  ruleHash?: string;
  queryHash?: string;
}

/** `> 100`, recovered under 80, told at once, repeated after an hour. */
export function jobWith({
  name = 'online-404',
  rule,
  notify,
  ruleHash = 'r1',
  queryHash = 'q1',
}: JobParts = {}): EvaluatedJob {
  return {
    name,
    title: '404 online',
    createdRevision: 7,
    labels: { team: 'web' },
    rule: { op: '>', threshold: 100, recovery: 80, forMs: 0, noData: 'noData', onError: 'error', ...rule },
    ruleHash,
    queryHash,
    notify: { channels: ['ops'], repeatMs: 60 * minuteMs, onResolved: true, ...notify },
  };
}

export function value(number: number, labels: Labels = {}): CheckResult {
  return { type: 'series', series: [{ labels, value: number }] };
}

/** One series per host: `hosts({a: 5})`. */
export function hosts(values: Record<string, number>): CheckResult {
  return {
    type: 'series',
    series: Object.entries(values).map(([host, number]) => ({ labels: { host }, value: number })),
  };
}

export const over = value(101);
export const under = value(79);
export const between = value(90);
export const noData: CheckResult = { type: 'series', series: [] };
export const failed: CheckResult = { type: 'error', error: { code: '62', message: 'Syntax error' } };

/** A job's alerts through a sequence of evaluations, as a repository would keep them. */
export class Story {
  alerts: Alert[] = [];
  transitions: Transition[] = [];
  messages: OutboxEntry[] = [];

  constructor(public job: EvaluatedJob = jobWith()) {}

  /** Evaluates `result` as of minute n. */
  at(n: number, result: CheckResult, fence = 1): this {
    const before = new Map(this.alerts.map(alert => [alert.alertId, alert]));
    const { alerts, transitions } = evaluate({
      job: this.job,
      result,
      alerts: this.alerts,
      scheduledAt: minute(n),
      fence,
    });
    for (const alert of alerts) {
      const seq = before.get(alert.alertId)?.seq ?? 0;
      this.messages.push(...alert.outbox.filter(entry => entry.seq > seq));
      before.set(alert.alertId, alert);
    }
    this.transitions.push(...transitions);
    this.alerts = [...before.values()];
    return this;
  }

  /** The alert of the series, or of the only one. */
  alert(series: Labels = {}): Alert {
    const found = this.alerts.find(alert => JSON.stringify(alert.series) === JSON.stringify(series));
    if (found === undefined) throw new Error(`no alert of ${JSON.stringify(series)}`);
    return found;
  }

  /** `kind` or `kind: note` of each message, in order. */
  get told(): string[] {
    return this.messages.map(({ kind, message }) => (message.note === null ? kind : `${kind}: ${message.note}`));
  }

  /** The story so far is the given; only what follows is looked at. */
  given(): this {
    this.messages = [];
    this.transitions = [];
    return this;
  }
}
