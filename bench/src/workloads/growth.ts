import type { Bench } from '../bench';
import { onMongod } from '../cluster/shared';
import { type Row, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import { atMost, type Check, type Result, resultOf } from '../verdict';

const idleMs = 15_000;
/** What grows, one thing at a time. */
const loads = [
  { jobs: 1000, hosts: 1, runs: 0 },
  { jobs: 10_000, hosts: 1, runs: 0 },
  { jobs: 100_000, hosts: 1, runs: 0 },
  { jobs: 1000, hosts: 2, runs: 0 },
  { jobs: 1000, hosts: 4, runs: 0 },
  { jobs: 1000, hosts: 1, runs: 1_000_000 },
];
/** A page may take so much longer with a million runs, or a hundred times the jobs, than without. */
const pageGrowth = 3;
const pageFigures = ['jobsPageMs', 'runsPageMs', 'failedRunsPageMs', 'runsOfJobPageMs'];

/** What stored jobs, hosts and history cost: the start, memory, MongoDB while nothing is due, pages of lists. */
export async function growth(bench: Bench): Promise<Result> {
  const { watchbellGrowth } = bench.subjects;
  const rows: Row[] = [];
  const measured = [];
  for (const size of loads) {
    const load = `${size.jobs.toLocaleString('en')} jobs, ${size.hosts} host(s), ${size.runs.toLocaleString('en')} runs`;
    bench.say(`growth: ${load}`);
    // A mongod each: what one load leaves in its cache would be the next one's memory.
    const all = await onMongod(bench, place =>
      bench.inTurn([watchbellGrowth], () => ({ kind: 'growth', ...place, ...size, idleMs })),
    );
    rows.push(...rowsOf(all, load, []));
    measured.push({ ...size, series: seriesOf(all, watchbellGrowth) });
  }
  const [least] = measured;
  const grown = measured.filter(one => one.jobs === 100_000 || one.runs > 0);
  const checks = grown.flatMap(({ jobs, runs, series }) =>
    pageFigures.map((figure): Check => {
      const before = least === undefined ? Number.NaN : median(valuesOf(least.series, figure));
      const what = `${figure.replace('Ms', '')} with ${jobs} jobs and ${runs} runs over that with 1000 jobs and none`;
      return atMost(what, median(valuesOf(series, figure)) / before, pageGrowth);
    }),
  );
  return resultOf('growth', checks, rows);
}
