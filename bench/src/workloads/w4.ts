import type { Bench } from '../bench';
import { rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import { atMost, type Result, resultOf } from '../verdict';

const jobs = 50_000;
const forMs = 30_000;
const load = `${jobs.toLocaleString('en')} jobs, ${forMs / 1000} s`;
const limitPercent = 0.05;

/** What waiting costs. */
export async function w4(bench: Bench): Promise<Result> {
  const { watchbell, cronSchedule, eggSchedule, nodeCron } = bench.subjects;
  bench.say(`W4: idle with ${load}`);
  const subjects = [watchbell, cronSchedule, eggSchedule, nodeCron];
  const all = await bench.inTurn(subjects, () => ({ kind: 'idle', jobs, forMs }));
  const percent = median(valuesOf(seriesOf(all, watchbell), 'corePercent'));
  const check = atMost(`${load}: % of a core`, percent, limitPercent);
  return resultOf('W4', [check], rowsOf(all, load, [{ figure: 'corePercent', better: 'lower' }]));
}
