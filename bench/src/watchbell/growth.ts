import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { runModel } from '../../../app/model/run';
import type { Database } from '../../../app/repository/database';
import { skipped } from '../../../app/repository/runDocument';
import { eventually } from '../../../tools/cluster/eventually';
import type { Host } from '../../../tools/cluster/host';
import { BenchApi } from '../cluster/api';
import { processorTimeMs, residentMb } from '../cluster/processorTime';
import { serveWith } from '../cluster/serve';
import { Stage } from '../cluster/stage';
import { storeJobs } from '../cluster/storedJobs';
import { median } from '../statistics';
import { noOpJob } from './plannedJob';

const readyLimitMs = 90_000;
/** What was loaded has been collected by then. */
const settleMs = 10_000;
const pageAsks = 20;
const runsAtOnce = 5000;
const periodMs = 30_000;

serveWith('growth', async ({ mongodbUrl, mongodPid, jobs, hosts, runs, idleMs }, started) => {
  const stage = await started.add(new Stage(mongodbUrl), one => one.close()).prepare();
  const { database } = stage;
  await storeJobs(
    database,
    Array.from({ length: jobs }, (_, index) => farJob(index)),
  );
  await storeRuns(database, runs, jobs);
  const startedAt = performance.now();
  const all = await Promise.all(
    Array.from({ length: hosts }, (_, index) => stage.host(`host-${index}`).start(readyLimitMs)),
  );
  const readyMs = performance.now() - startedAt;
  const [first] = all;
  if (first === undefined) throw new Error('There is no host.');
  const api = new BenchApi(first, await stage.token());
  await planned(all, api, jobs);
  const plannedMs = performance.now() - startedAt;
  await sleep(settleMs);
  const idle = await idleCost({ stage, all, mongodPid, idleMs });
  return {
    figures: {
      readyMs,
      plannedMs,
      agentMb: residentMb(first.agentPid()),
      workerMb: median(first.workerPids().map(residentMb)),
      mongodMb: residentMb(mongodPid),
      ...idle,
      ...(await pages(api, jobs)),
    },
  };
});

/** Each on another day of the year: none is due while this is measured. */
function farJob(index: number) {
  const cron = `${index % 60} ${Math.floor(index / 60) % 24} ${1 + (index % 28)} 2 *`;
  const schedule = { cron, zone: 'UTC', dst: 'shift', repeated: 'first' } as const;
  return { name: `far-${String(index).padStart(6, '0')}`, spec: noOpJob({ schedule }) };
}

/** A month of history, evenly over the jobs. */
async function storeRuns(database: Database, runs: number, jobs: number): Promise<void> {
  const from = Date.now() - runs * periodMs;
  const document = (index: number) => {
    const [at, job] = [new Date(from + index * periodMs), farJob(index % jobs).name];
    const rest = { jobRevision: 1, trigger: 'schedule', onLost: 'retry', overlap: 'skip' } as const;
    const own = { member: 'old:1:x', hostId: `old-${index % 3}`, scheduledAt: at, claimedAt: at };
    const run = skipped({ id: `${job}@${at.toISOString()}`, job, ...rest, ...own }, null, at, 36_500);
    return { ...run, state: index % 50 === 0 ? ('failed' as const) : ('succeeded' as const), startedAt: at };
  };
  for (let first = 0; first < runs; first += runsAtOnce) {
    const length = Math.min(runsAtOnce, runs - first);
    const batch = Array.from({ length }, (_, offset) => document(first + offset));
    await database.collection(runModel).insertMany(batch, { ordered: false, writeConcern: { w: 1 } });
  }
}

/** Every host's timekeeper holds every job. */
async function planned(all: readonly Host[], api: BenchApi, jobs: number): Promise<void> {
  if (jobs === 0) return;
  for (const host of all) {
    const text = () => api.on(host).text('/metrics');
    const holds = async () => new RegExp(`^watchbell_timekeeper_jobs ${jobs}$`, 'm').test(await text());
    await eventually(`${host.options.hostId} has planned ${jobs} jobs`, holds, readyLimitMs);
  }
}

const statusSchema = z.object({
  opcounters: z.record(z.string(), z.number()),
  network: z.object({ bytesOut: z.number() }),
  connections: z.object({ current: z.number() }),
});

/** What a cluster asks of MongoDB while nothing is due, a second; and the CPU that both use. */
async function idleCost(place: { stage: Stage; all: readonly Host[]; mongodPid: number; idleMs: number }) {
  const { stage, all, mongodPid, idleMs } = place;
  const pids = all.flatMap(host => host.pids());
  const look = async () => ({
    status: statusSchema.parse(await stage.database.db.admin().command({ serverStatus: 1 })),
    node: processorTimeMs(pids),
    mongod: processorTimeMs([mongodPid]),
  });
  const before = await look();
  await sleep(idleMs);
  const after = await look();
  const perSecond = (value: number) => (value * 1000) / idleMs;
  const ops = (name: string) => perSecond((after.status.opcounters[name] ?? 0) - (before.status.opcounters[name] ?? 0));
  return {
    queriesPerSecond: ops('query') + ops('getmore'),
    writesPerSecond: ops('insert') + ops('update') + ops('delete'),
    commandsPerSecond: ops('command'),
    kilobytesPerSecond: perSecond(after.status.network.bytesOut - before.status.network.bytesOut) / 1000,
    connections: after.status.connections.current,
    nodeCorePercent: ((after.node - before.node) / idleMs) * 100,
    mongodCorePercent: ((after.mongod - before.mongod) / idleMs) * 100,
  };
}

/** What a person waits for a page of each list. */
async function pages(api: BenchApi, jobs: number) {
  const job = farJob(Math.floor(jobs / 2)).name;
  const lists = {
    jobsPageMs: '/api/v1/jobs?limit=100',
    runsPageMs: '/api/v1/runs?limit=100',
    failedRunsPageMs: '/api/v1/runs?limit=100&state=failed',
    runsOfJobPageMs: `/api/v1/runs?limit=100&job=${job}`,
  };
  const figures: Record<string, number> = {};
  for (const [name, path] of Object.entries(lists)) {
    const took: number[] = [];
    for (let ask = 0; ask < pageAsks; ask += 1) took.push((await api.call('GET', path)).tookMs);
    figures[name] = median(took);
  }
  return figures;
}
