import type { Labels, SeriesPoint } from '../message/types';
import { alertId, noLabels } from './identity';
import { byPolicy, compare, type Verdict } from './rule';
import type { Alert, CheckResult, EvaluatedJob, EvaluationInput } from './types';

/** An alert is closed when its series was absent from this many successful evaluations in a row. */
export const absentLimit = 5;

/** What one evaluation found for one alert. */
export interface Finding {
  /** As it stood before; a series met for the first time stands here as a new `ok` alert. */
  alert: Alert;
  /** `held`: not judged and not told again, only its absence is counted; `gone`: absent too often, it is closed. */
  verdict: Verdict | 'held' | 'gone';
  value: number | null;
  error: Alert['error'];
  absentCount: number;
  /** Why a policy decided, for the reader. */
  note: string | null;
}

/** What the result means for each open alert and each series of the answer. */
export function findings(input: EvaluationInput): Finding[] {
  const result = checked(input.result, ownOf(input));
  const found = result.type === 'error' ? fromError(input, result.error) : fromSeries(input, result.series);
  return [...found, ...fromLeftBehind(input)];
}

/** Whether the series has no label but those that Watchbell gives it. */
export function isPlain({ series }: Alert, input: EvaluationInput): boolean {
  return Object.keys(series).length === Object.keys(ownOf(input)).length;
}

function ownOf({ ownLabels = noLabels }: EvaluationInput): Labels {
  return ownLabels;
}

function fromLeftBehind({ leftBehind = [] }: EvaluationInput): Finding[] {
  const note = 'gone: no host evaluates this series any more, closed';
  return leftBehind.map(alert => {
    const { absentCount } = alert;
    return { alert, verdict: 'gone', value: null, error: null, absentCount, note };
  });
}

/** An answer that cannot be judged (a value that is no number, the same labels twice) is an error, never a guess. */
function checked(result: CheckResult, own: Labels): CheckResult {
  if (result.type === 'error') return result;
  const seen = new Set<string>();
  for (const { labels, value } of result.series) {
    if (!Number.isFinite(value)) {
      return fault('notNumeric', `The value of ${inBraces(labels)} is ${value}: a check needs finite numbers.`);
    }
    const id = alertId('', 0, labels);
    if (seen.has(id)) {
      return fault(
        'duplicateSeries',
        `Two rows have the labels ${inBraces(labels)}: group the query so that each is one.`,
      );
    }
    seen.add(id);
    const taken = Object.keys(own).find(name => Object.hasOwn(labels, name));
    if (taken !== undefined) {
      const message = `The series ${inBraces(labels)} has a label "${taken}", which Watchbell sets where every host runs the job: name it otherwise in the query.`;
      return fault('ownLabel', message);
    }
  }
  return { ...result, series: result.series.map(point => ({ ...point, labels: { ...point.labels, ...own } })) };
}

function fault(code: string, message: string): CheckResult {
  return { type: 'error', error: { code, message } };
}

/** An error says nothing about one series: it is that of every open one, or of one without labels where none is known. */
function fromError(input: EvaluationInput, error: { code: string; message: string }): Finding[] {
  const open = input.alerts.filter(alert => !alert.closed);
  const alerts = open.length > 0 ? open : [alertsBySeries(input)(ownOf(input))];
  return alerts.map(alert => withoutValue(input, alert, 'error', error));
}

function fromSeries(input: EvaluationInput, series: readonly SeriesPoint[]): Finding[] {
  const alertOf = alertsBySeries(input);
  const present = series.map(({ labels, value }): Finding => {
    const verdict = compare(input.job.rule, value);
    return { alert: alertOf(labels), verdict, value, error: null, absentCount: 0, note: null };
  });
  const ids = new Set(present.map(finding => finding.alert.alertId));
  const absent = input.alerts.filter(alert => !alert.closed && !ids.has(alert.alertId));
  const isEmpty = series.length === 0;
  if (isEmpty && absent.length === 0) return [withoutValue(input, alertOf(ownOf(input)), 'noData', null)];
  return [...present, ...absent.map(alert => fromAbsence(input, alert, isEmpty))];
}

/**
 * A series that vanished is no data, and gone after absentLimit evaluations. The alert without labels is another thing:
 * - an empty answer is its no data and never its end;
 * - beside labelled series it most likely only carried an error or the emptiness of a grouped query. To call that no data would
 *   be a false alarm: it is held as it is until it is gone. One that fired had a value, and is treated as any other series.
 */
function fromAbsence(input: EvaluationInput, alert: Alert, isEmpty: boolean): Finding {
  const plain = isPlain(alert, input);
  if (plain && isEmpty) return withoutValue(input, alert, 'noData', null);
  // The same occurrence judged again (after a take-over) counts once.
  const isNew = alert.token.scheduledAt.getTime() < input.scheduledAt.getTime();
  const absentCount = alert.absentCount + (isNew ? 1 : 0);
  if (absentCount >= absentLimit) {
    return { alert, verdict: 'gone', value: null, error: null, absentCount, note: null };
  }
  if (plain && !alert.firingTold) {
    return { alert, verdict: 'held', value: alert.value, error: alert.error, absentCount, note: null };
  }
  return { ...withoutValue(input, alert, 'noData', null), absentCount };
}

function withoutValue(
  { job: { rule } }: EvaluationInput,
  alert: Alert,
  cause: 'noData' | 'error',
  error: Alert['error'],
): Finding {
  const policy = cause === 'noData' ? rule.noData : rule.onError;
  const what = cause === 'noData' ? 'no data' : 'an error';
  return {
    alert,
    verdict: byPolicy(policy),
    value: policy === 'keep' ? alert.value : null,
    error,
    absentCount: alert.absentCount,
    note: policy === 'ok' || policy === 'firing' ? `${what} counts as ${policy}` : null,
  };
}

/** Finds the stored alert of a series, or makes a new one. A closed one starts anew but goes on with its seq: delivery ids are made of it. */
function alertsBySeries({ job, alerts, scheduledAt }: EvaluationInput): (series: Labels) => Alert {
  const byId = new Map(alerts.map(alert => [alert.alertId, alert]));
  return series => {
    const id = alertId(job.name, job.createdRevision, series);
    const stored = byId.get(id);
    return stored === undefined || stored.closed ? anew(job, id, series, scheduledAt, stored) : stored;
  };
}

function anew(job: EvaluatedJob, id: string, series: Labels, scheduledAt: Date, closed: Alert | undefined): Alert {
  return {
    alertId: id,
    job: job.name,
    jobCreatedRevision: job.createdRevision,
    series,
    labels: {},
    state: 'ok',
    value: null,
    error: null,
    since: scheduledAt,
    conditionSince: null,
    condition: null,
    firingTold: false,
    troubleTold: false,
    lastToldAt: null,
    resolvedAt: closed?.resolvedAt ?? null,
    lastEvaluatedAt: scheduledAt,
    absentCount: 0,
    closed: false,
    ruleHash: job.ruleHash,
    queryHash: job.queryHash,
    seq: closed?.seq ?? 0,
    token: closed?.token ?? { scheduledAt: new Date(0), fence: 0 },
    outbox: closed?.outbox ?? [],
  };
}

function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${pairs.join(', ')}}`;
}
