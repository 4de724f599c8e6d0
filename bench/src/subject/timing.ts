import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Task } from '../protocol';
import { burstJobs, farJobs, periodicJobs } from './definitions';
import { Fires } from './fires';
import { inBatches } from './load';
import { LoopWatch } from './loopWatch';
import { memoryGivenBack } from './memory';
import { collectGarbage, cpuMicros, heapBytes, settled, until } from './process';
import type { SchedulerKind } from './types';

type TaskOf<K extends Task['kind']> = Extract<Task, { kind: K }>;

const second = 1000;
/** The jobs must be registered so long before they are due. */
const restMs = 500;
/** After all have fired it waits for so long for what fires again. */
const quietMs = 4500;
/** With some missing it waits for so long without any fire. */
const missingMs = 12_000;
/** Then the first of the jobs may be due anew. */
const burstLimitMs = 55_000;

/** All due in one second. */
export async function burst(kind: SchedulerKind, { jobs, leadMs, watchLoop }: TaskOf<'burst'>): Promise<Message> {
  const fires = new Fires(jobs * 4);
  const at = Math.ceil((Date.now() + leadMs) / second) * second;
  const scheduler = kind.create(fires.record);
  await inBatches(jobs, burstJobs(at, kind.zones), batch => scheduler.register(batch));
  if (Date.now() < at - restMs) await settled();
  collectGarbage();
  if (Date.now() > at - restMs) return { late: true };
  await until(at - restMs / 2);
  const loop = watchLoop ? new LoopWatch() : null;
  const before = cpuMicros();
  await quiet(fires, at, jobs);
  const cpu = cpuMicros() - before;
  const cpuPerFireMicros = cpu / Math.max(fires.count, 1);
  const figures = { ...fires.summary(jobs, () => at, burstLimitMs), cpuPerFireMicros };
  return { figures: loop === null ? figures : { ...figures, loopMaxMs: loop.maxMs() } };
}

async function quiet(fires: Fires, at: number, jobs: number): Promise<void> {
  for (;;) {
    await sleep(250);
    const now = Date.now();
    const silence = now - Math.max(fires.lastAt, at);
    if (silence > (fires.count >= jobs ? quietMs : missingMs) || now > at + burstLimitMs) return;
  }
}

const windowLeadMs = 50;
const tailMs = 5000;

/** Each due every period: one whole period is counted, after one that is not. */
export async function sustained(kind: SchedulerKind, task: TaskOf<'sustained'>): Promise<Message> {
  const { jobs, periodSeconds } = task;
  const periodMs = periodSeconds * second;
  const fires = new Fires(jobs * 6);
  const scheduler = kind.create(fires.record);
  await inBatches(jobs, periodicJobs(periodSeconds, task.zones), batch => scheduler.register(batch));
  // It fires while it registers: nobody knows how often on a machine with other work.
  fires.clear();
  const from = Math.ceil((Date.now() + periodMs) / periodMs) * periodMs;
  await until(from - windowLeadMs);
  const before = cpuMicros();
  await until(from + periodMs - windowLeadMs);
  const cpu = cpuMicros() - before;
  await sleep(tailMs);
  // The seconds of a minute that a job is due in are the same in every zone and minute: the period divides 60.
  const dueAt = (index: number) => from + (index % periodSeconds) * second;
  return { figures: { ...fires.summary(jobs, dueAt, periodMs), cpuPerFireMicros: cpu / jobs } };
}

/** CPU and heap that a job costs from its definition until its scheduler only waits. */
export async function registration(kind: SchedulerKind, { jobs }: TaskOf<'registration'>): Promise<Message> {
  const definition = farJobs(Date.now(), kind.zones);
  const scheduler = kind.create(() => {});
  const heapBefore = heapBytes();
  const cpuBefore = cpuMicros();
  const making = await inBatches(jobs, definition, batch => scheduler.register(batch));
  await settled();
  const cpu = cpuMicros() - cpuBefore - making;
  const heap = heapBytes() - heapBefore;
  return { figures: { cpuPerJobMicros: cpu / jobs, heapPerJobBytes: heap / jobs } };
}

/** What waiting costs. */
export async function idle(kind: SchedulerKind, { jobs, forMs }: TaskOf<'idle'>): Promise<Message> {
  const scheduler = kind.create(() => {});
  await inBatches(jobs, farJobs(Date.now(), kind.zones), batch => scheduler.register(batch));
  await settled();
  await memoryGivenBack();
  const startedAt = performance.now();
  const before = cpuMicros();
  await sleep(forMs);
  const cpu = cpuMicros() - before;
  return { figures: { corePercent: cpu / 10 / (performance.now() - startedAt) } };
}

/** How long the event loop stands still while jobs are loaded, and (with `changed`) while so many of them change. */
export async function stall(kind: SchedulerKind, task: TaskOf<'loading'> | TaskOf<'changes'>): Promise<Message> {
  const definition = farJobs(Date.now(), kind.zones);
  const scheduler = kind.create(() => {});
  // What starting this process costs is no part of it.
  await settled();
  const loading = new LoopWatch();
  await inBatches(task.jobs, definition, batch => scheduler.register(batch));
  await settled();
  const loopMaxMs = loading.maxMs();
  if (task.kind === 'loading') return { figures: { loopMaxMs } };
  collectGarbage();
  const changing = new LoopWatch();
  // Later in the list stands another time of day: every changed job has another schedule.
  const changed = (index: number) => ({ ...definition(index + task.changed), index });
  await inBatches(task.changed, changed, batch => scheduler.change?.(batch));
  await settled();
  return { figures: { loopMaxMs: changing.maxMs() } };
}
