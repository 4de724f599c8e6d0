import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Command } from '../cli/types';
import { Api } from '../demo/api';
import { mongodbLog } from '../demo/mongodbLog';
import { Narrator } from '../demo/narrator';
import { Cleanup, startMongodb, startWatchbell } from '../demo/parts';
import { CommandError } from '../errors';
import type { Installation } from '../server/installation';
import { serverProcesses } from '../server/processes';
import { listOf, percentile, repeated } from './measure';

const idleJobs = 10_000;
const dueAtOnce = 1000;
const settleMs = 8000;
const loadMs = 10_000;
/** Within this span all jobs of a round are defined. */
const defineMs = 30_000;

const anything = z.unknown();
const page = z.object({
  items: z.array(z.object({ latenessMs: z.number(), state: z.string() })),
  nextCursor: z.string().nullable(),
});

/** `npm run figures`: memory, lateness and the speed of a list, measured on a server of its own with two workers. */
export const figures: Command = async context => {
  const quiet = new Narrator(() => undefined, false);
  const cleanup = new Cleanup();
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'watchbell-figures-'));
    cleanup.add('folder', () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    const surroundings = { root: context.root, folder, narrator: quiet, cleanup };
    const startedAt = performance.now();
    const { env, embedded, installation } = await startMongodb(surroundings, context.env);
    const { origin, token } = await startWatchbell(surroundings, env, installation, embedded.url);
    context.say(`start to /readyz, embedded MongoDB included   ${Math.round(performance.now() - startedAt)} ms`);
    const api = new Api(origin, token, quiet);
    await measure({
      api,
      origin,
      token,
      installation,
      mongodPid: embedded.pid,
      mongodbUrl: embedded.url,
      say: context.say,
      cleanup,
    });
    return 0;
  } finally {
    for (const fault of await cleanup.run()) context.say(fault);
  }
};

interface Bench {
  api: Api;
  origin: string;
  token: string;
  installation: Installation;
  mongodPid: number;
  mongodbUrl: string;
  say: (line: string) => void;
  cleanup: Cleanup;
}

async function measure(bench: Bench): Promise<void> {
  const log = await mongodbLog(bench.mongodbUrl);
  bench.cleanup.add('access log', () => log.close());
  await bench.api.call('PUT', '/api/v1/sources/log', anything, log.source);
  const check = { source: 'log', query: log.query(20), rule: { op: '>', threshold: 1 } };
  await sleep(settleMs);
  await sayMemory(bench, 0);
  for (const round of ['cold', 'warm']) await measureLateness(bench, check, round);
  const tookMs = await define(bench, idleJobs, index => ({
    name: `idle-${index}`,
    body: {
      kind: 'check',
      title: 'idle',
      schedule: { cron: `${index % 60} ${index % 24} 1 1 *` },
      check,
      notify: { channels: [] },
    },
  }));
  bench.say(`PUT of ${idleJobs} jobs, 8 at a time               ${Math.round((idleJobs / tookMs) * 1000)}/s`);
  await sleep(settleMs);
  await sayMemory(bench, idleJobs);
  await measureList(bench);
}

async function sayMemory({ installation, mongodPid, say }: Bench, jobs: number): Promise<void> {
  const processes = await serverProcesses(installation);
  const named: { name: string; pid: number }[] = processes.map(one => ({ name: one.role, pid: one.pid }));
  named.push({ name: 'mongod', pid: mongodPid });
  for (const { name, pid } of named)
    say(`memory with ${String(jobs).padStart(5)} jobs, ${name.padEnd(7)}            ${await residentMb(pid)} MB`);
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

async function define(
  bench: Bench,
  count: number,
  jobOf: (index: number) => { name: string; body: unknown },
): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const writer = async () => {
    for (let index = next++; index < count; index = next++) {
      const { name, body } = jobOf(index);
      await bench.api.call('PUT', `/api/v1/jobs/${name}`, anything, body);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
  return performance.now() - startedAt;
}

/** All due at one instant: lateness is from that instant to the handler's start, as each run's record has it. */
async function measureLateness(bench: Bench, check: unknown, round: string): Promise<void> {
  const at = new Date(Date.now() + defineMs);
  const schedule = { at: at.toISOString() };
  await define(bench, dueAtOnce, index => ({
    name: `${round}-${index}`,
    body: { kind: 'check', title: 'due', schedule, check, notify: { channels: [] } },
  }));
  if (Date.now() > at.getTime())
    throw new CommandError(`This machine was too slow to define ${dueAtOnce} jobs in a minute.`);
  await sleep(at.getTime() + settleMs - Date.now());
  const runs = await listOf(cursor =>
    bench.api.call('GET', `/api/v1/runs?from=${schedule.at}&limit=500${cursor}`, page),
  );
  const lateness = runs.map(run => run.latenessMs);
  const done = runs.filter(run => run.state === 'succeeded').length;
  bench.say(
    `${dueAtOnce} jobs due at once (${round}): ${done} succeeded; lateness   p50 ${percentile(lateness, 0.5)} ms, p99 ${percentile(lateness, 0.99)} ms`,
  );
}

async function measureList({ origin, token, say }: Bench): Promise<void> {
  const ask = async () => {
    const answer = await fetch(`${origin}/api/v1/jobs?limit=100`, { headers: { Authorization: `Bearer ${token}` } });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new CommandError(`GET /api/v1/jobs answered ${answer.status}.`);
  };
  for (const clients of [1, 4]) {
    const took = await repeated(ask, clients, loadMs);
    const rate = Math.round((took.length / loadMs) * 1000);
    say(
      `GET /api/v1/jobs?limit=100, ${clients} client(s)            ${rate}/s, p50 ${percentile(took, 0.5)} ms, p99 ${percentile(took, 0.99)} ms`,
    );
  }
}
