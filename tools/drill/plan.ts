/** What the drill asks of one job. */
export interface PlannedJob {
  name: string;
  onLost: 'retry' | 'close';
  overlap: 'skip' | 'allow';
  workMs: number;
  /** Its first occurrence after the plan's start, in ms. */
  offsetMs: number;
}

/** A load that comes steadily: each job once a second, all together spread over it. */
export interface Plan {
  jobs: readonly PlannedJob[];
  /** Ms since the epoch; a whole second. */
  startAt: number;
  /** The first moment at which nothing is due any more. */
  endAt: number;
}

/** One occurrence, as it must come. */
export interface Due {
  /** Its id, as Watchbell's API documents it. */
  id: string;
  job: PlannedJob;
  at: number;
}

/** Every job is due so often. */
const everyMs = 1000;
/** Occurrences a second. */
const rate = 20;
const workMs = { least: 200, most: 3000 } as const;
/** Of the jobs that may not overlap: one fits into its second, the other leaves every second occurrence out. */
const aloneMs = [600, 1400] as const;
/** One job in so many may not overlap: these, counted from 0. */
const alone = { each: 5, from: 2 } as const;

/** Half of the jobs are run again when they are lost, the other half is closed. */
export function planOf(name: string, startAt: number, seconds: number): Plan {
  const jobs = Array.from({ length: rate }, (_, index) => jobOf(name, index));
  return { jobs, startAt, endAt: startAt + seconds * 1000 };
}

/** Every occurrence of the plan, in the order in which they are due. */
export function dueOf({ jobs, startAt, endAt }: Plan): Due[] {
  const due = jobs.flatMap(job => {
    const first = startAt + job.offsetMs;
    const count = Math.max(0, Math.ceil((endAt - first) / everyMs));
    return Array.from({ length: count }, (_, index) => occurrence(job, first + index * everyMs));
  });
  return due.sort((a, b) => a.at - b.at);
}

/** The job's body for PUT /api/v1/jobs/{name}. */
export function bodyOf(job: PlannedJob, plan: Plan, witnessUrl: string): Record<string, unknown> {
  return {
    kind: 'drill',
    title: job.name,
    schedule: { everyMs, anchorAt: iso(plan.startAt + job.offsetMs) },
    startAt: iso(plan.startAt),
    endAt: iso(plan.endAt),
    misfire: 'all',
    misfireLimit: 1000,
    onLost: job.onLost,
    overlap: job.overlap,
    // A lost run is told from a failed one: here nothing is tried again but what was lost.
    retry: { limit: 0 },
    timeoutMs: 60_000,
    drill: { url: witnessUrl, workMs: job.workMs, callMs: 15_000 },
  };
}

function jobOf(name: string, index: number): PlannedJob {
  const isAlone = index % alone.each === alone.from;
  const spread = workMs.least + Math.round(((workMs.most - workMs.least) * index) / (rate - 1));
  return {
    name: `${name}-${String(index).padStart(2, '0')}`,
    onLost: hasEvenBits(index) ? 'retry' : 'close',
    overlap: isAlone ? 'skip' : 'allow',
    workMs: isAlone ? aloneMs[Math.floor(index / alone.each) % 2 === 0 ? 0 : 1] : spread,
    offsetMs: Math.floor((index * everyMs) / rate),
  };
}

/** Without a period: workers that are given occurrences in turn would each get jobs of one kind only. */
function hasEvenBits(index: number): boolean {
  return index.toString(2).replaceAll('0', '').length % 2 === 0;
}

function occurrence(job: PlannedJob, at: number): Due {
  return { id: `${job.name}@${iso(at)}`, job, at };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
