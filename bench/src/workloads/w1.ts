import type { Bench } from '../bench';
import { type Compared, ratios, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import type { Subject } from '../subjects';
import { atMost, type Check, exactly, type Result, resultOf } from '../verdict';
import { loopLimitMs } from './limits';

const compared: Compared[] = [
  { figure: 'p99Ms', better: 'lower' },
  { figure: 'cpuPerFireMicros', better: 'lower' },
];

const startMs = 5000;
/** Time to register a job in, ample for the slowest here; who needs longer gets twice that. */
const registerMicros: Record<string, number> = { croner: 600, 'node-cron': 300, 'egg-schedule': 250 };
const usualRegisterMicros = 100;

/** All jobs due in one second. */
export async function w1(bench: Bench): Promise<Result> {
  const { watchbell, cronSchedule, eggSchedule, croner, nodeCron } = bench.subjects;
  const small = await burst(bench, 10_000, [watchbell, cronSchedule, eggSchedule, nodeCron, croner]);
  const large = await burst(bench, 50_000, [watchbell, cronSchedule, eggSchedule, nodeCron]);
  const watched = await bench.inTurn([watchbell], () => taskOf(watchbell, 50_000, true));
  const stall = watched.map(one => median(valuesOf(one, 'loopMaxMs')))[0] ?? Number.NaN;
  const checks = [
    ...small.checks,
    ...large.checks,
    atMost('longest stop of the event loop with 50,000 jobs due at once, ms', stall, loopLimitMs),
  ];
  return resultOf('W1', checks, [
    ...small.rows,
    ...large.rows,
    ...rowsOf(watched, '50,000 jobs, event loop watched', []),
  ]);
}

async function burst(bench: Bench, jobs: number, subjects: readonly Subject[]) {
  const load = `${jobs.toLocaleString('en')} jobs`;
  bench.say(`W1: ${load} due in one second`);
  const all = await bench.inTurn(subjects, subject => taskOf(subject, jobs, false));
  const own = seriesOf(all, bench.subjects.watchbell);
  const toCronSchedule = ratios(own, [seriesOf(all, bench.subjects.cronSchedule)], {
    figure: 'p99Ms',
    better: 'lower',
  });
  const checks: Check[] = [
    exactly(`${load}: missed`, Math.max(...valuesOf(own, 'missed')), 0),
    exactly(`${load}: twice`, Math.max(...valuesOf(own, 'twice')), 0),
    atMost(`${load}: p99 lateness over that of cron-schedule`, median(toCronSchedule), 1),
  ];
  return { checks, rows: rowsOf(all, load, compared) };
}

function taskOf(subject: Subject, jobs: number, watchLoop: boolean) {
  const micros = registerMicros[subject.name] ?? usualRegisterMicros;
  return { kind: 'burst' as const, jobs, leadMs: startMs + (jobs * micros) / 1000, watchLoop };
}
