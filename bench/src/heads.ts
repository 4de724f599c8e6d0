import { expressions } from './nextQuestions';

const heads: Record<string, string> = {
  p50Ms: 'p50 ms',
  p99Ms: 'p99 ms',
  maxMs: 'max ms',
  firstP99Ms: 'p99 ms of the first instant',
  cpuPerFireMicros: 'CPU µs/fire',
  nodeCpuPerFireMicros: 'node CPU µs/fire',
  mongodCpuPerFireMicros: 'mongod CPU µs/fire',
  cpuPerJobMicros: 'CPU µs/job',
  heapPerJobBytes: 'heap B/job',
  corePercent: '% of a core',
  loopMaxMs: 'longest stop ms',
  perSecond: 'handled/s',
  claimsPerSecond: 'claims/s',
  lastMs: 'last claim ms',
  wonTwice: 'won by two',
  largest: 'largest N with p99 < 1 s',
  notEnded: 'not ended',
  inFlight: 'in flight',
  takenOver: 'run again',
  takenOverMs: 'run again after ms',
  sameP50Ms: 'same host p50 ms',
  sameP99Ms: 'same host p99 ms',
  acrossP50Ms: 'other host p50 ms',
  acrossP99Ms: 'other host p99 ms',
  closeP99Ms: '/close p99 ms',
  sentAfterAnswer: 'sent after the answer',
  heldOnOther: 'held on host B',
  readyMs: 'ready ms',
  plannedMs: 'planned ms',
  agentMb: 'agent MB',
  workerMb: 'worker MB',
  mongodMb: 'mongod MB',
  queriesPerSecond: 'queries/s',
  writesPerSecond: 'writes/s',
  commandsPerSecond: 'commands/s',
  kilobytesPerSecond: 'kB/s',
  nodeCorePercent: 'hosts, % of a core',
  mongodCorePercent: 'mongod, % of a core',
  jobsPageMs: '100 jobs, ms',
  runsPageMs: '100 runs, ms',
  failedRunsPageMs: '100 failed runs, ms',
  runsOfJobPageMs: '100 runs of a job, ms',
  ...Object.fromEntries(
    expressions.flatMap(({ name, cron }) => [
      [`${name}ParsedPerSecond`, `\`${cron}\` parsed/s`],
      [`${name}FromTextPerSecond`, `\`${cron}\` from text/s`],
    ]),
  ),
};

/** The head of a figure's column. */
export function headOf(figure: string): string {
  const [, name = figure, jobs] = /^(.*)At(\d+)$/.exec(figure) ?? [];
  const head = heads[name] ?? name;
  return jobs === undefined ? head : `${head} at ${Number(jobs).toLocaleString('en')}`;
}
