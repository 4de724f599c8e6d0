import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../app/domain/alert/evaluate';
import type { CheckResult, EvaluatedJob, OutboxEntry } from '../../../../app/domain/alert/types';
import type { Labels } from '../../../../app/domain/message/types';
import { failed, jobWith, minute, minuteMs, Story } from './fixture';

const jobs: fc.Arbitrary<EvaluatedJob> = fc
  .record({
    forMs: fc.constantFrom(0, 3 * minuteMs),
    recovery: fc.constantFrom(null, 80),
    noData: fc.constantFrom('noData', 'noData', 'ok', 'firing', 'keep'),
    onError: fc.constantFrom('error', 'error', 'ok', 'firing', 'keep'),
    repeatMs: fc.constantFrom(null, 2 * minuteMs, 10 * minuteMs),
    onResolved: fc.constantFrom(true, true, false),
    queryHash: fc.constantFrom('q1', 'q2'),
  })
  .map(({ repeatMs, onResolved, queryHash, ...rule }) =>
    jobWith({ rule, queryHash, notify: { repeatMs, onResolved } }),
  );

const numbers = fc.constantFrom(50, 90, 150);
const labels = fc.constantFrom<Labels[]>({}, { host: 'a' }, { host: 'b' }, { host: 'c' });
const results: fc.Arbitrary<CheckResult> = fc.oneof(
  fc.constant(failed),
  fc
    .uniqueArray(fc.record({ labels, value: numbers }), {
      maxLength: 3,
      selector: ({ labels }) => JSON.stringify(labels),
    })
    .map(series => ({ type: 'series' as const, series })),
  numbers.map(value => ({ type: 'series' as const, series: [{ labels: { host: 'a' }, value }] })),
);

const plays = fc.tuple(
  jobs,
  fc.option(fc.record({ after: fc.nat(20), job: jobs }), { freq: 3 }),
  fc.array(
    fc.record({ gap: fc.integer({ min: -1, max: 4 }), fence: fc.integer({ min: 1, max: 3 }), result: results }),
    {
      maxLength: 30,
    },
  ),
);

/** Plays it, with the definition changed once on the way and some evaluations coming late or twice. */
function play([job, change, steps]: typeof plays extends fc.Arbitrary<infer T> ? T : never): Story {
  const story = new Story(job);
  let now = 0;
  steps.forEach(({ gap, fence, result }, index) => {
    if (change !== null && change.after === index) story.job = change.job;
    now += gap;
    story.at(now, result, fence);
  });
  return story;
}

function byAlert<T extends { alertId: string }>(items: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(item.alertId, [...(groups.get(item.alertId) ?? []), item]);
  return [...groups.values()];
}

function messagesByAlert(entries: readonly OutboxEntry[]) {
  return byAlert(entries.map(entry => entry.message));
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

const runs = { numRuns: 400 };

describe('whatever happens', () => {
  it('a "resolved" is told only after trouble was told, and only once for it', () => {
    fc.assert(
      fc.property(plays, given => {
        for (const messages of messagesByAlert(play(given).messages)) {
          let isTold = false;
          for (const { kind } of messages) {
            if (kind === 'resolved') expect(isTold).toBe(true);
            isTold = kind !== 'resolved';
          }
        }
      }),
      runs,
    );
  });

  it('nothing is told unless a state changed or a repeat is due', () => {
    fc.assert(
      fc.property(plays, given => {
        const story = play(given);
        const moved = new Set(story.transitions.map(({ alertId, seq }) => `${alertId}/${seq}`));
        for (const messages of messagesByAlert(story.messages)) {
          messages.forEach((message, index) => {
            if (moved.has(`${message.alertId}/${message.seq}`)) return;
            const since = message.scheduledAt.getTime() - (messages[index - 1]?.scheduledAt.getTime() ?? Number.NaN);
            expect(message.kind).toBe('repeat');
            expect(since).toBeGreaterThanOrEqual(2 * minuteMs);
          });
        }
      }),
      runs,
    );
  });

  it('seq rises with each message and each transition, and scheduledAt never goes back', () => {
    fc.assert(
      fc.property(plays, given => {
        const story = play(given);
        for (const items of [...messagesByAlert(story.messages), ...byAlert(story.transitions)]) {
          items.slice(1).forEach((item, index) => {
            expect(item.seq).toBeGreaterThan(items[index]?.seq ?? Number.NaN);
          });
        }
        for (const messages of messagesByAlert(story.messages)) {
          const times = messages.map(message => message.scheduledAt.getTime());
          expect(times).toEqual([...times].sort((a, b) => a - b));
        }
      }),
      runs,
    );
  });

  it('the transitions of an alert are a chain from ok to its state', () => {
    fc.assert(
      fc.property(plays, given => {
        const story = play(given);
        for (const chain of byAlert(story.transitions)) {
          const alert = story.alerts.find(({ alertId }) => alertId === chain[0]?.alertId);
          expect(['ok', ...chain.map(({ to }) => to)]).toEqual([...chain.map(({ from }) => from), alert?.state]);
        }
      }),
      runs,
    );
  });

  it('what is stored agrees with itself: ok has nothing told, trouble has a condition and its beginning', () => {
    fc.assert(
      fc.property(plays, given => {
        for (const alert of play(given).alerts) {
          const { state, condition, conditionSince, firingTold, troubleTold } = alert;
          if (state === 'ok') {
            expect({ condition, conditionSince, firingTold, troubleTold }).toEqual({
              condition: null,
              conditionSince: null,
              firingTold: false,
              troubleTold: false,
            });
            continue;
          }
          expect(conditionSince).not.toBeNull();
          expect(condition === state || state === 'pending').toBe(true);
          if (state === 'firing') expect(firingTold).toBe(true);
        }
      }),
      runs,
    );
  });

  it('the same input gives the same answer, in any order of the alerts, and is left as it was', () => {
    fc.assert(
      fc.property(plays, results, (given, result) => {
        const { job, alerts } = play(given);
        const input = frozen({ job, result, alerts, scheduledAt: minute(1000), fence: 1 });
        const once = evaluate(input);
        expect(evaluate(input)).toEqual(once);
        const turned = evaluate({ ...input, alerts: [...alerts].reverse() });
        const sorted = (of: typeof once) => [...of.alerts].sort((a, b) => (a.alertId < b.alertId ? -1 : 1));
        expect(sorted(turned)).toEqual(sorted(once));
      }),
      runs,
    );
  });

  it('evaluating again what is applied changes nothing', () => {
    fc.assert(
      fc.property(plays, results, (given, result) => {
        const story = play(given).at(1000, result);
        const again = evaluate({ job: story.job, result, alerts: story.alerts, scheduledAt: minute(1000), fence: 1 });
        expect(again.transitions).toEqual([]);
        expect(again.alerts).toEqual([]);
      }),
      runs,
    );
  });
});
