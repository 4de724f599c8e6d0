import { percentile } from '../figures/measure';
import type { Story } from './story';
import type { FaultSpan, Verdict } from './types';

type Lateness = Pick<Verdict, 'latenessP99Ms' | 'latenessAfterP99Ms' | 'recoveredMs'>;

/** What "normal" is: 99 of 100 start within this span of their due time. */
const normalMs = 1000;
/** What is due so long after the fault's end is judged as `after`. */
const afterMs = 20_000;
/** Fewer than these say nothing about a percentile. */
const leastSample = 40;

/** How late the occurrences of each part of the round started, by the witness's clock. What was skipped does not count. */
export function latenessOf(stories: readonly Story[], { at, endAt }: FaultSpan): Lateness {
  const started = stories.flatMap(({ due, starts: [first] }) =>
    first === undefined ? [] : [{ dueAt: due.at, ms: Math.max(0, first.at - due.at) }],
  );
  const within = (from: number, to: number) => started.filter(one => one.dueAt >= from && one.dueAt < to);
  const p99 = (list: readonly { ms: number }[]) =>
    percentile(
      list.map(one => one.ms),
      0.99,
    );
  const after = endAt + afterMs;
  return {
    latenessP99Ms: p99(within(at ?? Number.NEGATIVE_INFINITY, after)),
    latenessAfterP99Ms: p99(within(after, Number.POSITIVE_INFINITY)),
    recoveredMs: recovered(started, endAt),
  };
}

/** From the fault's end to the first due time from which on everything is normal. */
function recovered(started: readonly { dueAt: number; ms: number }[], endAt: number): number | null {
  const rest = started.filter(one => one.dueAt >= endAt).sort((a, b) => a.dueAt - b.dueAt);
  for (let index = 0; index <= rest.length - leastSample; index += 1) {
    const tail = rest.slice(index);
    if (
      percentile(
        tail.map(one => one.ms),
        0.99,
      ) < normalMs
    ) {
      return index === 0 ? 0 : Math.round((tail[0]?.dueAt ?? endAt) - endAt);
    }
  }
  return null;
}
