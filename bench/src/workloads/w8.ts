import type { Bench } from '../bench';
import { onMongod } from '../cluster/shared';
import { ratios, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import type { Subject } from '../subjects';
import { atLeast, atMost, type Check, exactly, type Result, resultOf } from '../verdict';

/** The first is what both are compared under. */
const ownLoads = [1000, 5000, 10_000, 15_000];
const peerLoads = [300, 1000];
const common = 1000;
const wanted = 10_000;
const periods = 2;
const cpuShare = 0.25;
const load = 'so many due in one instant each 10 s';

/** The full path: due, claim, newest definition, a run that does nothing, finish. */
export async function w8(bench: Bench): Promise<Result> {
  const { watchbellPath, agendaPath } = bench.subjects;
  bench.say(`W8: ${load}`);
  const loadsOf = (subject: Subject) => (subject === watchbellPath ? ownLoads : peerLoads);
  const all = await onMongod(bench, place =>
    bench.inTurn([watchbellPath, agendaPath], subject => ({
      kind: 'path',
      ...place,
      loads: loadsOf(subject),
      periods,
    })),
  );
  const own = seriesOf(all, watchbellPath);
  const cpu = ratios(own, [seriesOf(all, agendaPath)], { figure: `cpuPerFireMicrosAt${common}`, better: 'lower' });
  const counts = ownLoads.flatMap((jobs): Check[] => [
    exactly(`${jobs} due: missed`, Math.max(...valuesOf(own, `missedAt${jobs}`)), 0),
    exactly(`${jobs} due: twice`, Math.max(...valuesOf(own, `twiceAt${jobs}`)), 0),
  ]);
  return resultOf(
    'W8',
    [
      ...counts,
      atLeast('largest load with p99 < 1 s from due to the handler', median(valuesOf(own, 'largest')), wanted),
      atMost(`${common} due: CPU a fire, mongod included, over that of Agenda`, median(cpu), cpuShare),
    ],
    rowsOf(all, load, [{ figure: `cpuPerFireMicrosAt${common}`, better: 'lower' }]),
  );
}
