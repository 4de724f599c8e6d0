import type { Bench } from '../bench';
import { onMongod } from '../cluster/shared';
import { ratios, rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import type { Subject } from '../subjects';
import { atLeast, type Check, exactly, type Result, resultOf } from '../verdict';

const occurrences = 20_000;
const hostCounts = [1, 2, 4];
const ofOneProcess = 0.6;
const ofRacing = 4;
const claims = { figure: 'claimsPerSecond', better: 'higher' } as const;

/** Occurrences that every host plans, each claimed by one. */
export async function w7(bench: Bench): Promise<Result> {
  const measured = [];
  for (const hosts of hostCounts) measured.push(await onHosts(bench, hosts));
  return resultOf(
    'W7',
    measured.flatMap(one => one.checks),
    measured.flatMap(one => one.rows),
  );
}

async function onHosts(bench: Bench, hosts: number) {
  const { watchbellClaims, rawInserts, racingInserts } = bench.subjects;
  const load = `${occurrences.toLocaleString('en')} due on ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
  bench.say(`W7: ${load}`);
  const modes = new Map<Subject, 'spread' | 'one' | 'race'>([
    [watchbellClaims, 'spread'],
    [rawInserts, 'one'],
  ]);
  if (hosts > 1) modes.set(racingInserts, 'race');
  const all = await onMongod(bench, place =>
    bench.inTurn([...modes.keys()], subject => {
      return { kind: 'claims', ...place, occurrences, hosts, mode: modes.get(subject) ?? 'one' };
    }),
  );
  const own = seriesOf(all, watchbellClaims);
  const over = (subject: Subject) => median(ratios(own, [seriesOf(all, subject)], claims));
  const checks: Check[] = [
    exactly(`${load}: missed`, Math.max(...valuesOf(own, 'missed')), 0),
    exactly(`${load}: won by two`, Math.max(...valuesOf(own, 'wonTwice')), 0),
    atLeast(`${load}: claims/s over insertMany by one process`, over(rawInserts), ofOneProcess),
  ];
  if (hosts > 1) {
    checks.push(atLeast(`${load}: claims/s over insertMany by ${hosts} that race`, over(racingInserts), ofRacing));
  }
  return { checks, rows: rowsOf(all, load, [claims]) };
}
