import type { Bench } from '../bench';
import { onMongod } from '../cluster/shared';
import { rowsOf, seriesOf, valuesOf } from '../comparison';
import { median } from '../statistics';
import { atLeast, atMost, exactly, type Result, resultOf } from '../verdict';

const times = 200;
const load = `${times} mutes and ${times} changes by host A, two hosts`;
const acrossLimitMs = 1500;
const sameLimitMs = 100;

/** What one host was told, on another. */
export async function w10(bench: Bench): Promise<Result> {
  const { watchbellInForce } = bench.subjects;
  bench.say(`W10: ${load}`);
  const all = await onMongod(bench, place =>
    bench.inTurn([watchbellInForce], () => ({ kind: 'inForce', ...place, times })),
  );
  const own = seriesOf(all, watchbellInForce);
  const checks = [
    exactly('sent of those claimed after /close had answered', Math.max(...valuesOf(own, 'sentAfterAnswer')), 0),
    atLeast('mutes by host A', Math.min(...valuesOf(own, 'mutes')), times),
    atLeast('messages held on host B', Math.min(...valuesOf(own, 'heldOnOther')), 1),
    atMost('a change in force on every member of host B, p99 ms', median(valuesOf(own, 'acrossP99Ms')), acrossLimitMs),
    atMost('a change in force on every member of host A, p99 ms', median(valuesOf(own, 'sameP99Ms')), sameLimitMs),
  ];
  return resultOf('W10', checks, rowsOf(all, load, []));
}
