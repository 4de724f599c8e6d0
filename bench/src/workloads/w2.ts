import type { Bench } from '../bench';
import { type Compared, ratios, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import { atMost, below, exactly, type Result, resultOf } from '../verdict';

const jobs = 200_000;
const periodSeconds = 10;
const load = `${(jobs / periodSeconds).toLocaleString('en')} fires/s`;
const p99LimitMs = 250;

const compared: Compared[] = [
  { figure: 'p99Ms', better: 'lower' },
  { figure: 'cpuPerFireMicros', better: 'lower' },
];

/** 20,000 fires a second for ten seconds. */
export async function w2(bench: Bench): Promise<Result> {
  const { watchbell, cronSchedule, eggSchedule } = bench.subjects;
  bench.say(`W2: ${load} for ${periodSeconds} s`);
  // Zones slow the peers down so much that they cannot keep up at all: they get none, Watchbell does.
  const all = await bench.inTurn([watchbell, cronSchedule, eggSchedule], subject => {
    return { kind: 'sustained', jobs, periodSeconds, zones: subject === watchbell };
  });
  const own = seriesOf(all, watchbell);
  const cpu = ratios(own, [seriesOf(all, cronSchedule)], { figure: 'cpuPerFireMicros', better: 'lower' });
  const checks = [
    exactly(`${load}: missed`, Math.max(...valuesOf(own, 'missed')), 0),
    exactly(`${load}: twice`, Math.max(...valuesOf(own, 'twice')), 0),
    below(`${load}: p99 lateness, ms`, median(valuesOf(own, 'p99Ms')), p99LimitMs),
    atMost(`${load}: CPU a fire over that of cron-schedule`, median(cpu), 0.5),
  ];
  return resultOf('W2', checks, rowsOf(all, load, compared));
}
