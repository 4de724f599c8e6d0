import type { Bench } from '../bench';
import { ratios, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import type { Subject } from '../subjects';
import { atLeast, atMost, exactly, type Result, resultOf } from '../verdict';

const jobs = 10_000;
const bursts = 5;
const load = `${jobs.toLocaleString('en')} due at once, 2 workers`;
const throughputShare = 0.8;
const p99LimitMs = 150;
const throughput = { figure: 'perSecond', better: 'higher' } as const;

/** From the due time to the handler in a worker. */
export async function w6(bench: Bench): Promise<Result> {
  const { watchbellIpc, eggBatches, eggSingle } = bench.subjects;
  bench.say(`W6: ${load}`);
  const modes = new Map<Subject, 'timekeeper' | 'batches' | 'single'>([
    [watchbellIpc, 'timekeeper'],
    [eggBatches, 'batches'],
    [eggSingle, 'single'],
  ]);
  const all = await bench.inTurn([...modes.keys()], subject => {
    return { kind: 'ipc', jobs, bursts, mode: modes.get(subject) ?? 'single' };
  });
  const own = seriesOf(all, watchbellIpc);
  const checks = [
    exactly('missed', Math.max(...valuesOf(own, 'missed')), 0),
    atLeast(
      'handled/s over bare Egg IPC',
      median(ratios(own, [seriesOf(all, eggBatches)], throughput)),
      throughputShare,
    ),
    atMost('p99 from the due time, ms', median(valuesOf(own, 'p99Ms')), p99LimitMs),
  ];
  return resultOf('W6', checks, rowsOf(all, load, [throughput]));
}
