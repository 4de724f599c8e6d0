import type { Bench } from '../bench';
import { type Compared, peersOf, ratios, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median, rounded } from '../statistics';
import type { Subject } from '../subjects';
import { atMost, type Check, type Result, resultOf } from '../verdict';
import { loopLimitMs } from './limits';

const cpu: Compared = { figure: 'cpuPerJobMicros', better: 'lower' };
const heap: Compared = { figure: 'heapPerJobBytes', better: 'lower' };
const cpuLimitMicros = 25;
const cpuLimitRatio = 0.9;
const heapLimitBytes = 1500;

/** What a job costs to register, and how long the event loop stands still meanwhile. */
export async function w3(bench: Bench): Promise<Result> {
  const { watchbell, cronSchedule, eggSchedule, croner, nodeCron } = bench.subjects;
  const small = await registration(bench, 10_000, [watchbell, cronSchedule, eggSchedule, nodeCron, croner]);
  const large = await registration(bench, 50_000, [watchbell, cronSchedule, eggSchedule, nodeCron]);
  bench.say('W3: event loop while 100,000 jobs are loaded, and while 10,000 of them change');
  const loading = await bench.inTurn([watchbell], () => ({ kind: 'loading', jobs: 100_000 }));
  const changes = await bench.inTurn([watchbell], () => ({ kind: 'changes', jobs: 100_000, changed: 10_000 }));
  const stall = (what: string, all: typeof loading) => {
    const longest = median(valuesOf(seriesOf(all, watchbell), 'loopMaxMs'));
    return atMost(`longest stop of the event loop while ${what}, ms`, longest, loopLimitMs);
  };
  const checks = [
    ...small.checks,
    ...large.checks,
    stall('100,000 jobs are loaded', loading),
    stall('10,000 jobs change', changes),
  ];
  return resultOf('W3', checks, [
    ...small.rows,
    ...large.rows,
    ...rowsOf(loading, '100,000 jobs loaded', []),
    ...rowsOf(changes, '10,000 of 100,000 jobs changed', []),
  ]);
}

async function registration(bench: Bench, jobs: number, subjects: readonly Subject[]) {
  const load = `${jobs.toLocaleString('en')} jobs`;
  bench.say(`W3: registering ${load}`);
  const all = await bench.inTurn(subjects, () => ({ kind: 'registration', jobs }));
  const own = seriesOf(all, bench.subjects.watchbell);
  const toBest = median(ratios(own, peersOf(all, own), cpu));
  const checks = [
    cpuCheck(load, median(valuesOf(own, cpu.figure)), toBest),
    atMost(`${load}: heap a job, bytes`, median(valuesOf(own, heap.figure)), heapLimitBytes),
  ];
  return { checks, rows: rowsOf(all, load, [cpu, heap]) };
}

/** Either of the two is enough: so little, or less than every peer. */
function cpuCheck(load: string, micros: number, toBest: number): Check {
  return {
    what: `${load}: CPU to register a job, µs`,
    value: rounded(micros),
    goal: `≤ ${cpuLimitMicros}, or ≤ ${cpuLimitRatio} × the best peer (is ${rounded(toBest)} ×)`,
    pass: micros <= cpuLimitMicros || toBest <= cpuLimitRatio,
  };
}
