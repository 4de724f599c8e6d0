import type { AlertDoc } from '../../app/model/alert';
import { alertModel, transitionModel } from '../../app/model/alert';
import { jobModel } from '../../app/model/definition';
import { deliveryModel } from '../../app/model/delivery';
import { muteModel } from '../../app/model/mute';
import { type RunDoc, runModel } from '../../app/model/run';
import { settlementModel } from '../../app/model/settlement';
import type { Database } from '../../app/repository/database';
import { claimed, type NewRun } from '../../app/repository/runDocument';
import { alertMessage } from './alertMessage';
import { jobOf } from './job';

const dayMs = 86_400_000;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const expireAt = new Date(Date.now() + 30 * dayMs);
const started = new Date(Date.now() - dayMs);
const timeOf = (index: number) => new Date(started.getTime() + index * 10_000);

/** How much there is of each. */
export const stored = { jobs: 1000, runs: 4000, alerts: 1500, deliveries: 3000, mutes: 600 } as const;
export const nameOf = (index: number) => `job-${index % stored.jobs}`;
export const alertIdOf = (index: number) => `${nameOf(index)}.1.${String(index).padStart(16, '0')}`;

/** A run of one of the jobs, as it is claimed by member `a:1:x`. */
export function newRun(index: number): NewRun {
  const [job, scheduledAt] = [nameOf(index), timeOf(index)];
  const own = { member: 'a:1:x', hostId: 'a', claimedAt: scheduledAt };
  const rest = { jobRevision: 1, trigger: 'schedule', onLost: 'retry', overlap: 'skip' } as const;
  return { id: `${job}@${scheduledAt.toISOString()}`, job, scheduledAt, ...own, ...rest };
}

/** An installation that has run for a day: nearly all of its history has ended. */
export async function storeHistory(database: Database): Promise<void> {
  const into = (model: { readonly collection: string }) => database.collection(model);
  await into(jobModel).insertMany(upTo(stored.jobs).map(jobDocument));
  const settlements = upTo(stored.jobs).map(index => ({ _id: nameOf(index), until: started, expireAt }));
  await into(settlementModel).insertMany(settlements);
  await into(runModel).insertMany(upTo(stored.runs).map(runDocument));
  await into(alertModel).insertMany(upTo(stored.alerts).map(alertDocument));
  await into(transitionModel).insertMany(upTo(stored.alerts).map(transitionDocument));
  await into(deliveryModel).insertMany(upTo(stored.deliveries).map(deliveryDocument));
  await into(muteModel).insertMany(upTo(stored.mutes).map(muteDocument));
}

function jobDocument(index: number) {
  const {
    name: _id,
    revision: _first,
    createdRevision,
    plannedFromAt,
    paused,
    idleSinceAt,
    ...spec
  } = jobOf({
    name: nameOf(index),
  });
  const head = { revision: index + 1, createdRevision, deleted: false, updatedAt: plannedFromAt, updatedBy: 'test' };
  return { _id, ...head, spec, sources: ['log'], channels: [], calendars: [], plannedFromAt, paused, idleSinceAt };
}

/** The first ten are under way, the next ten wait; of the others each tenth has failed. */
function runDocument(index: number): RunDoc {
  const { slot, ...run } = claimed(newRun(index), 30);
  if (index < 10) return { ...run, slot };
  const lane = `${run.job}~catchup`;
  if (index < 20) return { ...run, state: 'queued', member: '', lanes: [lane], queue: lane };
  const state = index % 10 === 0 ? 'failed' : 'succeeded';
  return { ...run, state, hostId: index % 2 === 0 ? 'a' : 'b', startedAt: run.claimedAt, finishedAt: run.claimedAt };
}

/** Each twentieth fires; the first five still hold a message. */
function alertDocument(index: number): AlertDoc {
  const message = { ...alertMessage({ alertId: alertIdOf(index), job: nameOf(index), seq: 1 }) };
  const outbox = index < 5 ? [{ seq: 1, kind: 'firing' as const, channels: ['hook'], message }] : [];
  return {
    ...{
      _id: alertIdOf(index),
      job: nameOf(index),
      jobCreatedRevision: 1,
      series: {},
      labels: {},
      value: 1,
      error: null,
    },
    ...{ state: index % 20 === 0 ? 'firing' : 'ok', since: started, conditionSince: null, condition: null },
    ...{ firingTold: false, troubleTold: false, lastToldAt: null, resolvedAt: null, lastEvaluatedAt: started },
    ...{
      absentCount: 0,
      closed: false,
      ruleHash: 'r',
      queryHash: 'q',
      seq: 1,
      token: { scheduledAt: started, fence: 1 },
    },
    ...{ outbox, hasOutbox: outbox.length > 0 },
  };
}

function transitionDocument(index: number) {
  const alertId = alertIdOf(index);
  const change = { from: 'ok', to: 'firing', at: timeOf(index), value: 1, note: null, error: null, runId: 'r' };
  return { _id: `${alertId}/1`, alertId, seq: 1, ...change, expireAt };
}

/** The first ten wait, the next five are being sent, the next five are held. */
function deliveryDocument(index: number) {
  const [alertId, job, seq] = [alertIdOf(index), nameOf(index), 1 + Math.floor(index / stored.alerts)];
  const state = index < 10 ? 'pending' : index < 15 ? 'sending' : index < 20 ? 'muted' : 'sent';
  const member = state === 'pending' ? null : 'a:1:x';
  return {
    ...{ _id: `${alertId}:${seq}:hook`, alertId, job, seq, kind: 'firing', channel: index % 3 === 0 ? 'hook' : 'mail' },
    ...{ labels: { job }, message: alertMessage({ alertId, job, seq }), state, attempts: 1, fence: 1, member },
    ...{ claimedAt: timeOf(index), nextAttemptAt: started, partsSent: 0, possibleDuplicate: false },
    ...{ mutedBy: state === 'muted' ? ['gone'] : [], held: state === 'muted', supersededBy: null, error: null },
    ...{ createdAt: timeOf(index), sentAt: null, expireAt },
  };
}

/** All but ten have ended. */
function muteDocument(index: number) {
  const closeName = nameOf(index);
  const [ended, endsAt] = [index >= 10, new Date(Date.now() + dayMs)];
  const times = { startsAt: null, endsAt, createdAt: timeOf(index), changedAt: timeOf(index), expireAt: endsAt };
  const people = { createdBy: 'test', changedBy: 'test', note: '' };
  return { _id: `mute-${index}`, matchers: [], ended, closeName, ...times, ...people };
}
