import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Metrics } from '../../../app/cluster/metrics';
import type { Lease } from '../../../app/cluster/types';
import { hostRank, occurrenceId } from '../../../app/domain/run/occurrence';
import { Database } from '../../../app/repository/database';
import type { NewRun } from '../../../app/repository/runDocument';
import { Runs } from '../../../app/repository/runs';
import { ActiveRuns } from '../../../app/service/run/activeRuns';
import { Intake } from '../../../app/service/run/intake';
import { Timekeeper } from '../../../app/timing/timekeeper';
import { until } from '../subject/process';
import { jobNamed } from './plannedJob';

const task = z
  .object({
    url: z.string(),
    host: z.string(),
    hosts: z.array(z.string()),
    occurrences: z.number(),
    /** The instant that is counted, in ms. */
    at: z.number(),
    /** Those before it, so far apart. */
    earlier: z.array(z.number()),
    apartMs: z.number(),
    mode: z.enum(['spread', 'one', 'race']),
  })
  .parse(JSON.parse(process.argv[2] ?? 'null'));
const { url, host, hosts, occurrences, at, earlier, apartMs, mode } = task;
const instants = [...earlier, at];

const retentionDays = 30;
const batchSize = 1000;
const database = new Database({ url, name: 'unused', operationMs: 60_000, serverSelectionMs: 5000, appName: 'bench' });
const runs = new Runs(database, retentionDays);
const clock = { now: () => new Date() };
const report = { won: 0, firstAt: 0, lastAt: 0 };

process.once('disconnect', () => process.exit(0));
void main();

async function main(): Promise<void> {
  await database.connect();
  if (mode === 'spread') await spread();
  else await inserts();
  process.send?.(report);
}

async function claim(batch: readonly NewRun[]): Promise<void> {
  const { won } = await runs.claim(batch);
  if (batch[0]?.scheduledAt.getTime() !== at) return;
  report.won += won.length;
  if (won.length > 0) report.lastAt = Date.now();
}

/** The same documents in the same batches; who races begins with the same ones. */
async function inserts(): Promise<void> {
  for (const instant of instants) {
    const all = Array.from({ length: occurrences }, (_, index) => runOf(nameOf(index), instant));
    await until(instant);
    for (let from = 0; from < all.length; from += batchSize) await claim(all.slice(from, from + batchSize));
  }
}

/** What a host does: its timekeeper plans all of them and announces its share; the others look after it later. */
async function spread(): Promise<void> {
  const log = { info: () => {}, warn: console.error, error: console.error };
  const lease: Lease = {
    ...{ memberId: `${host}:1:bench`, hostId: host, suspended: false, draining: false, valid: true },
    ...{ signal: new AbortController().signal, remainingMs: () => 10_000 },
  };
  const metrics = new Metrics();
  const active = new ActiveRuns();
  const intake = new Intake({ claimer: { claim }, active, lease, clock, metrics, log, maxRuns: batchSize });
  const timekeeper = new Timekeeper(
    {
      ...{ clock, log, host: { id: host, labels: {} } },
      ready: async () => true,
      alone: () => hosts.length === 1,
      rank: key => hostRank(key, hosts, host),
      recorded: keys => runs.recorded(keys),
      announce: batch => intake.accept(batch),
      missed: ({ name }) => console.error(`${name} was missed`),
      ended: async () => {},
      measured: () => {},
    },
    { standbyMs: 1000, reannounceMs: 3000, misfireHorizonMs: 86_400_000 },
  );
  for (let index = 0; index < occurrences; index += 1) {
    timekeeper.upsert(jobNamed(nameOf(index), { everyMs: apartMs, anchorAt: new Date(earlier[0] ?? at) }));
  }
  timekeeper.start();
  await until(at);
  await claimedAll();
  await timekeeper.stop();
  // A claim whose answer is on its way counts too.
  await intake.stop();
}

/** The next instant is another's. */
async function claimedAll(): Promise<void> {
  const end = at + apartMs - 500;
  for (let stored = 0; stored < occurrences * instants.length && Date.now() < end; ) {
    await sleep(200);
    stored = await database.db.collection('runs').estimatedDocumentCount();
  }
}

function nameOf(index: number): string {
  return `claim-${String(index).padStart(6, '0')}`;
}

function runOf(job: string, instant: number): NewRun {
  const scheduledAt = new Date(instant);
  const own = { member: `${host}:1:bench`, hostId: host, claimedAt: scheduledAt };
  const rest = { trigger: 'schedule' as const, onLost: 'retry' as const, overlap: 'skip' as const };
  return { id: occurrenceId(job, scheduledAt), job, jobRevision: 1, scheduledAt, ...own, ...rest };
}
