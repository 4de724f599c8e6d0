import type { ClusterSettings } from '../../app/cluster/settings';
import type { JsonObject } from '../../app/domain/mergePatch';
import { Random } from './random';
import { type Gust, weatherOf } from './weather';

/** What the work of a job's runs is. */
export interface WorkPlan {
  /** Usual length. */
  workMs: number;
  /** Values change sides so often. */
  periodMs: number;
  /** Does not always end when it is told to. */
  deaf: boolean;
  series: { name: string; phaseMs: number; vanishes: boolean }[];
}

interface JobPlan {
  name: string;
  body: JsonObject;
  work: WorkPlan;
}

export type Deed =
  | { type: 'create' | 'pause' | 'resume' | 'delete' | 'runNow' | 'open'; job: string }
  | { type: 'reschedule'; job: string; everyMs: number }
  | { type: 'retitle'; job: string; title: string }
  | { type: 'close'; job: string; forMs: number };

interface HostPlan {
  hostId: string;
  /** Its wall clock minus MongoDB's at the start. */
  offsetMs: number;
  startAtMs: number;
}

/** Everything that is decided before a world begins; times in virtual ms. */
export interface Scenario {
  seed: number;
  hosts: HostPlan[];
  workers: number;
  cluster: Omit<ClusterSettings, 'hostId'>;
  maxRuns: number;
  jobs: JobPlan[];
  deeds: { at: number; deed: Deed }[];
  gusts: Gust[];
  /** One way to MongoDB takes about so long. */
  wayMs: number;
  /** From here on nothing breaks any more, and nobody asks for anything. */
  calmFrom: number;
  /** By then everything must be in order. */
  endAt: number;
}

/** From the end of the faults until everything is in order, beyond the lease of members that are gone. */
const healMs = 7000;
/** Behind an outage that is longer than the grace span the misfire policy decides: that takes its time. */
const settleMs = 6000;

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const hostCount = random.chance(0.85) ? 2 : 3;
  const workers = hostCount === 3 || random.chance(0.8) ? 1 : 2;
  const isLong = random.chance(0.03);
  const calmFrom = isLong ? 24_000 : random.between(6500, 9500);
  const cluster = settingsOf(random);
  const jobs = Array.from({ length: 2 + random.int(2) }, (_, index) => jobOf(random, index));
  const hosts = Array.from({ length: hostCount }, (_, index) => ({
    hostId: `h${index + 1}`,
    offsetMs: random.chance(0.7) ? random.between(-40, 40) : random.between(-2000, 2000),
    startAtMs: index * random.between(10, 300),
  }));
  const { leaseMs } = cluster;
  const gusts = weatherOf(random, { hostCount, workers, leaseMs, from: 2200, until: calmFrom, isLong });
  return {
    seed,
    hosts,
    workers,
    cluster,
    maxRuns: random.chance(0.2) ? 8 : 50,
    jobs,
    deeds: [...deedsOf(random, jobs, calmFrom), ...afterOutages(random, jobs, gusts)].sort((a, b) => a.at - b.at),
    gusts,
    wayMs: random.pick([0.3, 0.6, 1.5, 6]),
    calmFrom,
    endAt: calmFrom + cluster.leaseMs + healMs + (isLong ? settleMs : 0),
  };
}

function settingsOf(random: Random): Scenario['cluster'] {
  const common = {
    mongodbUrl: 'mongodb://simulated/watchbell?replicaSet=rs0',
    databaseName: 'watchbell',
    misfireHorizonMs: 86_400_000,
    runRetentionDays: 30,
    hostLabels: {},
    drainMs: 1500,
  };
  const isDefault = random.chance(0.07);
  if (isDefault) {
    const lease = { leaseMs: 10_000, renewMs: 3000, renewalLimitMs: 2500, skewMaxMs: 5000, killGraceMs: 5000 };
    const looks = { sweepMs: 1000, pollMs: 1000, standbyMs: 1000, reannounceMs: 3000 };
    return { ...common, ...lease, ...looks, operationMs: 3500, serverSelectionMs: 3000 };
  }
  const lease = { leaseMs: 3000, renewMs: 900, renewalLimitMs: 1000, skewMaxMs: 5000, killGraceMs: 600 };
  const looks = { sweepMs: 900, pollMs: 900, standbyMs: 400, reannounceMs: 1200 };
  return { ...common, ...lease, ...looks, operationMs: 1500, serverSelectionMs: 1000 };
}

function jobOf(random: Random, index: number): JobPlan {
  const name = `job-${index + 1}`;
  const workMs = random.pick([20, 80, 300, 1200, 2400]);
  const series = Array.from({ length: random.pick([1, 1, 2, 4]) }, (_, one) => ({
    name: `s${one}`,
    phaseMs: random.int(4000),
    vanishes: random.chance(0.15),
  }));
  const work = { workMs, periodMs: random.between(1500, 6000), deaf: random.chance(0.2), series };
  const channels = random.pick([['robot'], ['robot'], ['robot', 'receiver'], []]);
  const body: JsonObject = {
    kind: 'check',
    title: name,
    schedule: scheduleOf(random),
    overlap: random.pick(['skip', 'skip', 'queue', 'allow', 'allow', 'replace']),
    onLost: random.pick(['retry', 'close']),
    misfire: random.pick(['last', 'all', 'skip']),
    timeoutMs: random.chance(0.2) ? 1000 : 5000,
    jitterMs: random.chance(0.15) ? 300 : 0,
    retry: { limit: random.chance(0.3) ? 2 : 0, backoffMs: 200, factor: 2 },
    check: {
      source: 'numbers',
      query: { work: name },
      rule: { op: '>', threshold: 100, forMs: random.pick([0, 0, 1500]) },
    },
    notify: { channels, repeatMs: random.chance(0.3) ? 2000 : null },
  };
  return { name, body, work };
}

function scheduleOf(random: Random): JsonObject {
  if (random.chance(0.2))
    return { cron: random.pick(['* * * * * *', '*/2 * * * * *', '1-59/3 * * * * *']), zone: 'UTC' };
  return { everyMs: random.pick([1000, 1000, 1500, 2000, 3000]) };
}

/** Every job is made first; then people change, stop and mute them. */
function deedsOf(random: Random, jobs: readonly JobPlan[], until: number): Scenario['deeds'] {
  const deeds: Scenario['deeds'] = jobs.map(({ name: job }) => ({
    at: random.chance(0.7) ? 800 : random.between(800, until / 2),
    deed: { type: 'create', job },
  }));
  const count = 2 + random.int(7);
  for (let index = 0; index < count; index += 1) {
    const { name: job } = random.pick(jobs);
    let at = random.between(2000, until);
    for (const deed of story(random, job)) {
      deeds.push({ at, deed });
      at += random.between(300, 4000);
    }
  }
  return deeds.filter(({ at }) => at < until).sort((a, b) => a.at - b.at);
}

/** Where MongoDB comes back, people send again at once what it did not take; change streams are still broken then. */
function afterOutages(random: Random, jobs: readonly JobPlan[], gusts: readonly Gust[]): Scenario['deeds'] {
  const outages = gusts.filter(({ type }) => type === 'databaseDown' || type === 'election');
  return outages.flatMap(({ at, forMs }) => {
    const back = at + forMs + random.between(20, 500);
    return jobs.map(({ name: job }) => {
      const title = `title ${random.int(1000)}`;
      return { at: back + random.between(0, 120), deed: { type: 'retitle', job, title } satisfies Deed };
    });
  });
}

function story(random: Random, job: string): Deed[] {
  switch (random.int(7)) {
    case 0:
      return [
        { type: 'pause', job },
        { type: 'resume', job },
      ];
    case 1:
      return [
        { type: 'delete', job },
        { type: 'create', job },
      ];
    case 2:
      return [{ type: 'reschedule', job, everyMs: random.pick([1000, 1500, 2500]) }];
    case 3:
      return [{ type: 'runNow', job }];
    case 4:
      return [{ type: 'retitle', job, title: `title ${random.int(100)}` }];
    default:
      return [
        { type: 'close', job, forMs: random.between(800, 7000) },
        { type: 'open', job },
      ];
  }
}
