import type { Job } from '../../../app/domain/job/types';
import { Pacer } from '../../../app/timing/pacer';
import { Timekeeper } from '../../../app/timing/timekeeper';
import { serveScheduler } from '../subject/serve';
import type { BenchJob } from '../subject/types';
import { jobNamed } from './plannedJob';

/** The defaults of config/settings.ts. */
const options = { standbyMs: 1000, reannounceMs: 3000, misfireHorizonMs: 86_400_000 };
const prefix = 'bench-';

const log = {
  info: () => {},
  warn: (event: string, fields?: unknown) => console.error(event, fields),
  error: (event: string, fields?: unknown) => console.error(event, fields),
};

function timekeeperWith(fired: (index: number) => void): Timekeeper {
  return new Timekeeper(
    {
      host: { id: 'bench', labels: {} },
      clock: { now: () => new Date() },
      ready: async () => true,
      alone: () => true,
      rank: () => 0,
      recorded: async keys => new Set(keys),
      announce: batch => {
        for (const { job } of batch) fired(Number(job.slice(prefix.length)));
      },
      missed: ({ name }, at) => console.error(`${name} missed ${new Date(at).toISOString()}`),
      ended: async occurrences => console.error(`${occurrences.length} occurrences ended without a record`),
      log,
      measured: () => {},
    },
    options,
  );
}

function jobOf({ index, cron, zone }: BenchJob, revision: number): Job {
  return { ...jobNamed(`${prefix}${index}`, { cron, zone, dst: 'shift', repeated: 'first' }), revision };
}

serveScheduler({
  zones: true,
  create(fired) {
    const timekeeper = timekeeperWith(fired);
    const pacer = new Pacer();
    // As app/timing/planner.ts brings stored definitions into force.
    const upsert = async (jobs: readonly BenchJob[], revision: number) => {
      for (const job of jobs) {
        timekeeper.upsert(jobOf(job, revision));
        if (pacer.isLong) await pacer.pause();
      }
    };
    timekeeper.start();
    return { register: jobs => upsert(jobs, 1), change: jobs => upsert(jobs, 2) };
  },
});
