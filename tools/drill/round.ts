import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../errors';
import type { DrillApi } from './api';
import type { Fault, Injected } from './faults/types';
import { dueOf, type Plan, planOf } from './plan';
import type { Random } from './random';
import type { Stage } from './stage';
import type { Evidence, RunRecord } from './types';
import type { Witness } from './witness';

/** All jobs are defined within this span; on a slow machine within the next. */
const leadsMs = [4000, 12_000, 30_000] as const;
/** The load runs for so long before anything happens, and a random span more. */
const steadyMs = 3000;
const randomMs = 2000;
/** What must be normal 20 s after the fault's end is watched for a while then. */
const afterMs = 24_000;
/** After the last occurrence everything has ended within this span. */
const settleMs = 40_000;
const lookMs = 1000;

/** Where a load runs and who sees it: the drill's own stage, or a cluster of the user's. */
export interface Ground {
  api: DrillApi;
  witness: Pick<Witness, 'events'>;
  witnessUrl: string;
  signal: AbortSignal;
}

export interface Round {
  evidence: Evidence;
  injected: Injected;
}

/** One load with one fault in it. */
export async function play(
  fault: Fault,
  { stage, random, name, signal }: { stage: Stage; random: Random; name: string; signal: AbortSignal },
): Promise<Round> {
  const { api, witness, witnessUrl } = stage;
  const ground = { api, witness, witnessUrl, signal };
  const untilMs = steadyMs + random.between(0, randomMs);
  const seconds = Math.ceil((untilMs + fault.lastsMs + afterMs) / 1000);
  const plan = await definedPlan(ground, name, seconds);
  const pause = (ms: number) => sleep(Math.max(0, ms), undefined, { signal });
  await pause(plan.startAt + untilMs - Date.now());
  const injected = await fault.inject({ stage, random, pause });
  const seen = await seenInTheEnd(plan, ground);
  return { evidence: { plan, ...seen, fault: { at: injected.at, endAt: injected.endAt } }, injected };
}

/** A load that begins as soon as its jobs are defined; `made` hears of each plan before the first of its jobs is. */
export async function definedPlan(
  { api, witnessUrl }: Pick<Ground, 'api' | 'witnessUrl'>,
  name: string,
  seconds: number,
  made: (plan: Plan) => void = () => undefined,
): Promise<Plan> {
  for (const [index, leadMs] of leadsMs.entries()) {
    // Under names of its own: what began too late may have run already.
    const ownName = index === 0 ? name : `${name}-${index}`;
    const plan = planOf(ownName, Math.ceil((Date.now() + leadMs) / 1000) * 1000, seconds);
    made(plan);
    await api.define(plan, witnessUrl);
    if (Date.now() < plan.startAt) return plan;
    await api.remove(plan);
  }
  throw new CommandError(`The load's jobs could not be defined within ${Math.max(...leadsMs) / 1000} s.`);
}

/** What was seen of the load once everything of it has ended. Its jobs are removed. */
export async function seenInTheEnd(
  plan: Plan,
  { api, witness, signal }: Ground,
): Promise<Pick<Evidence, 'events' | 'records'>> {
  await sleep(Math.max(0, plan.endAt - Date.now()), undefined, { signal });
  const records = await settledRecords(plan, api, signal);
  const own = new Set(plan.jobs.map(job => job.name));
  const events = (await witness.events()).filter(({ occurrence }) => own.has(occurrence.split('@')[0] ?? ''));
  await api.remove(plan);
  return { events, records };
}

/** What GET /runs says when every occurrence has a record that has ended, or when nobody waits for it any longer. */
async function settledRecords(plan: Plan, api: DrillApi, signal: AbortSignal): Promise<RunRecord[]> {
  const deadline = performance.now() + settleMs;
  const due = dueOf(plan);
  for (;;) {
    const records = await api.records(plan);
    const known = new Set(records.map(record => record.id));
    const compact = records.filter(record => record.from !== undefined);
    const inCompact = (job: string, at: number) =>
      compact.some(one => one.job === job && Number(one.from) <= at && at <= Number(one.to));
    const complete = due.every(({ id, job, at }) => known.has(id) || inCompact(job.name, at));
    if (complete && records.every(record => record.finishedAt !== null)) return records;
    if (performance.now() > deadline) return records;
    await sleep(lookMs, undefined, { signal });
  }
}
