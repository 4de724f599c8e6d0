import type { AlertMessage } from '../message/types';
import { absentLimit, type Finding, findings, isPlain } from './findings';
import { withEntry } from './outbox';
import { inWords } from './rule';
import { type Decision, decide } from './table';
import type { Alert, AlertState, EvaluatedJob, Evaluation, EvaluationInput, Transition } from './types';

/**
 * Judges one check's result: the new document of each alert that it concerns, and every change of state.
 * Pure: time is scheduledAt only, and nothing given is changed. An alert that this or a later evaluation has judged already
 * (token at or after ours) is left out, so that the order of scheduledAt decides and a repetition changes nothing.
 */
export function evaluate(input: EvaluationInput): Evaluation {
  const judged = findings(input)
    .filter(({ alert }) => isOpenTo(alert, input))
    .map(finding => judge(input, finding));
  return {
    alerts: judged.map(({ alert }) => alert),
    transitions: judged.flatMap(({ transition }) => (transition === null ? [] : [transition])),
  };
}

function isOpenTo({ token }: Alert, { scheduledAt, fence }: EvaluationInput): boolean {
  const ahead = scheduledAt.getTime() - token.scheduledAt.getTime();
  return ahead > 0 || (ahead === 0 && fence > token.fence);
}

interface Judged {
  alert: Alert;
  transition: Transition | null;
}

/** A decision with what only the evaluation knows of. */
interface Ruling extends Decision {
  closed: boolean;
  /** For the history. */
  note: string | null;
}

function judge(input: EvaluationInput, finding: Finding): Judged {
  const before = finding.alert;
  const decision = decided(input, finding);
  const moved = decision.state !== before.state || decision.closed;
  const seq = before.seq + (moved || decision.tell !== null ? 1 : 0);
  const alert = next(input, finding, decision, seq);
  const { scheduledAt: at } = input;
  const { alertId, value, error } = alert;
  const { state: to, note } = decision;
  return {
    alert,
    transition: moved ? { alertId, seq, from: before.state, to, at, value, note, error } : null,
  };
}

function decided(input: EvaluationInput, finding: Finding): Ruling {
  const { notify } = input.job;
  const decision = bare(input, finding);
  const note = decision.note ?? decision.tell?.note ?? finding.note;
  if (decision.tell === null || (decision.tell.kind === 'resolved' && !notify.onResolved)) {
    return { ...decision, note, tell: null };
  }
  return { ...decision, note, tell: { kind: decision.tell.kind, note: decision.tell.note ?? finding.note } };
}

function bare(input: EvaluationInput, finding: Finding): Ruling {
  const { alert: stored, verdict } = finding;
  const { job, scheduledAt } = input;
  const alert = withoutOutdatedWait(stored, job);
  if (verdict === 'gone') return { ...gone({ ...finding, alert }, input), closed: true };
  if (verdict === 'held') {
    const { state, condition, conditionSince } = stored;
    return { state, condition, conditionSince, tell: null, note: null, closed: false };
  }
  const situation = { alert, scheduledAt, forMs: job.rule.forMs, repeatMs: job.notify.repeatMs };
  return { ...decide(verdict, situation), note: null, closed: false };
}

/** The end of an alert whose series does not come back. Trouble of the alert without labels is over: others answer now. */
function gone({ alert, note: why }: Finding, input: EvaluationInput): Omit<Ruling, 'closed'> {
  const quiet = { state: 'ok', condition: null, conditionSince: null, note: null } as const;
  const note = why ?? `gone: absent from ${absentLimit} evaluations in a row, closed`;
  if (alert.firingTold) return { ...quiet, note, tell: { kind: 'resolved', note: 'resolved: gone' } };
  const worksAgain = alert.troubleTold && isPlain(alert, input);
  return { ...quiet, note, tell: worksAgain ? { kind: 'resolved', note: 'works again' } : null };
}

/** What waited under another query or source waited for something else: it counts as ok. */
function withoutOutdatedWait(alert: Alert, job: EvaluatedJob): Alert {
  if (alert.state !== 'pending' || alert.queryHash === job.queryHash) return alert;
  return { ...alert, state: 'ok', condition: null, conditionSince: null };
}

function next(input: EvaluationInput, finding: Finding, decision: Ruling, seq: number): Alert {
  const { job, scheduledAt, fence } = input;
  const { alert: before, value, error, absentCount } = finding;
  const { state, condition, conditionSince, closed, tell } = decision;
  const alert: Alert = {
    ...before,
    ...told(before, state, scheduledAt),
    labels: { ...job.labels, ...before.series, job: job.name },
    state,
    value,
    error,
    since: state === before.state ? before.since : scheduledAt,
    conditionSince,
    condition,
    lastToldAt: tell === null ? before.lastToldAt : scheduledAt,
    lastEvaluatedAt: scheduledAt,
    absentCount,
    closed,
    ruleHash: job.ruleHash,
    queryHash: job.queryHash,
    seq,
    token: { scheduledAt, fence },
  };
  if (tell === null) return alert;
  const message = messageOf(job, before, alert, tell);
  return {
    ...alert,
    outbox: withEntry(before.outbox, { seq, kind: tell.kind, channels: job.notify.channels, message }),
  };
}

/** What has been told follows from the state: each entry into trouble tells it, and ok takes all back. */
function told(
  before: Alert,
  state: AlertState,
  scheduledAt: Date,
): Pick<Alert, 'firingTold' | 'troubleTold' | 'resolvedAt'> {
  const { firingTold, troubleTold, resolvedAt } = before;
  switch (state) {
    case 'ok':
      return { firingTold: false, troubleTold: false, resolvedAt: firingTold ? scheduledAt : resolvedAt };
    case 'pending':
      return { firingTold, troubleTold, resolvedAt };
    case 'firing':
      return { firingTold: true, troubleTold: false, resolvedAt: null };
    case 'noData':
    case 'error':
      return { firingTold, troubleTold: true, resolvedAt };
  }
}

function messageOf(
  job: EvaluatedJob,
  before: Alert,
  after: Alert,
  { kind, note }: NonNullable<Decision['tell']>,
): AlertMessage {
  const { alertId, seq, series, value, error, token } = after;
  return {
    alertId,
    seq,
    kind,
    job: job.name,
    title: job.title,
    labels: job.labels,
    series,
    value,
    condition: inWords(job.rule),
    from: before.state,
    since: after.conditionSince ?? before.conditionSince ?? token.scheduledAt,
    scheduledAt: token.scheduledAt,
    error,
    note,
  };
}
