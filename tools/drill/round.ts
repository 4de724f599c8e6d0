import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillApi } from './api';
import type { Fault, Injected } from './faults/types';
import { dueOf, type Plan, planOf } from './plan';
import type { Random } from './random';
import type { Stage } from './stage';
import type { Evidence, RunRecord } from './types';
import type { Witness } from './witness';

/** All jobs are defined within this span. */
const leadMs = 4000;
/** The load runs for so long before anything happens, and a random span more. */
const steadyMs = 4000;
const randomMs = 3000;
/** What must be normal 20 s after the fault's end is watched for a while then. */
const afterMs = 25_000;
/** After the last occurrence everything has ended within this span. */
const settleMs = 40_000;
const lookMs = 1000;

/** Where a load runs and who sees it: the drill's own stage, or a cluster of the user's. */
export interface Ground {
  api: DrillApi;
  witness: Witness;
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
  const plan = planSoon(name, Math.ceil((untilMs + fault.lastsMs + afterMs) / 1000));
  const pause = (ms: number) => sleep(Math.max(0, ms), undefined, { signal });
  const injected = await underLoad(plan, ground, async () => {
    await pause(plan.startAt + untilMs - Date.now());
    return await fault.inject({ stage, random, pause });
  });
  const { at, endAt } = injected.during;
  return { evidence: { plan, ...injected.seen, fault: { at, endAt } }, injected: injected.during };
}

/** A load that begins as soon as its jobs are defined. */
export function planSoon(name: string, seconds: number): Plan {
  return planOf(name, Math.ceil((Date.now() + leadMs) / 1000) * 1000, seconds);
}

/** Runs the load, does `during` meanwhile, and gathers what was seen once everything has ended. The jobs are removed. */
export async function underLoad<T>(
  plan: Plan,
  { api, witness, witnessUrl, signal }: Ground,
  during: () => Promise<T>,
): Promise<{ during: T; seen: Pick<Evidence, 'events' | 'records'> }> {
  await api.define(plan, witnessUrl);
  if (Date.now() > plan.startAt) throw new Error(`The jobs of ${plan.jobs.length} were defined too late.`);
  const result = await during();
  await sleep(Math.max(0, plan.endAt - Date.now()), undefined, { signal });
  const records = await settledRecords(plan, api, signal);
  const own = new Set(plan.jobs.map(job => job.name));
  const events = (await witness.events()).filter(({ occurrence }) => own.has(occurrence.split('@')[0] ?? ''));
  await api.remove(plan);
  return { during: result, seen: { events, records } };
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
