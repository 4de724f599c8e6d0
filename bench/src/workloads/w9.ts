import type { Bench } from '../bench';
import { onMongod } from '../cluster/shared';
import { rowsOf, seriesOf, valuesOf } from '../comparison';
import { atMost, exactly, type Result, resultOf } from '../verdict';

const schedules = 20;
const seconds = 30;
const workMs = 300;
const load = `${schedules * seconds} occurrences, one of two workers killed`;
const takenOverLimitMs = 15_000;

/** What a killed worker costs. */
export async function w9(bench: Bench): Promise<Result> {
  const { watchbellKill, agendaKill } = bench.subjects;
  bench.say(`W9: ${load}`);
  const all = await onMongod(bench, place =>
    bench.inTurn([watchbellKill, agendaKill], () => ({ kind: 'kill', ...place, schedules, seconds, workMs })),
  );
  const own = seriesOf(all, watchbellKill);
  const worst = (figure: string) => Math.max(...valuesOf(own, figure));
  const inFlight = valuesOf(own, 'inFlight');
  const notTakenOver = valuesOf(own, 'takenOver').map((count, round) => (inFlight[round] ?? 0) - count);
  const checks = [
    exactly('missed', worst('missed'), 0),
    exactly('twice (one occurrence under one fence)', worst('twice'), 0),
    exactly('begun and not ended', worst('notEnded'), 0),
    exactly('in flight at the kill and not run again', Math.max(...notTakenOver), 0),
    atMost('until what was in flight ran again, ms', worst('takenOverMs'), takenOverLimitMs),
  ];
  return resultOf('W9', checks, rowsOf(all, load, []));
}
