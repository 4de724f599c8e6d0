import { describe, expect, it } from 'vitest';
import type { AlertState, CheckResult } from '../../../../app/domain/alert/types';
import { between, failed, jobWith, minute, minuteMs, noData, over, Story, under } from './fixture';

/** forMs is 5 minutes; the given states are reached before minute 0, and the cell is judged at minute 0. */
const job = jobWith({ rule: { forMs: 5 * minuteMs } });

const given = {
  ok: () => new Story(job).at(-1, under),
  pending: () => new Story(job).at(-1, over),
  'pending for 5 minutes': () => new Story(job).at(-5, over),
  'pending (no data)': () => new Story(job).at(-1, noData),
  'pending (no data) for 5 minutes': () => new Story(job).at(-5, noData),
  'pending (error) for 5 minutes': () => new Story(job).at(-5, failed),
  'pending after no data was told': () => new Story(job).at(-7, noData).at(-2, noData).at(-1, over),
  firing: () => new Story(job).at(-10, over).at(-5, over),
  'firing, told an hour ago': () => new Story(job).at(-65, over).at(-60, over),
  noData: () => new Story(job).at(-10, noData).at(-5, noData),
  'noData, told an hour ago': () => new Story(job).at(-65, noData).at(-60, noData),
  'noData, was firing': () => new Story(job).at(-10, over).at(-5, over).at(-1, noData),
  'noData, was firing, told an hour ago': () => new Story(job).at(-70, over).at(-65, over).at(-60, noData),
  error: () => new Story(job).at(-10, failed).at(-5, failed),
  'error, told an hour ago': () => new Story(job).at(-65, failed).at(-60, failed),
  'error, was firing': () => new Story(job).at(-10, over).at(-5, over).at(-1, failed),
} satisfies Record<string, () => Story>;

const results: Record<string, CheckResult> = { over, under, between, 'no data': noData, error: failed };

const cells: [keyof typeof given, keyof typeof results, AlertState, string[]][] = [
  ['ok', 'over', 'pending', []],
  ['ok', 'under', 'ok', []],
  ['ok', 'between', 'ok', []],
  ['ok', 'no data', 'pending', []],
  ['ok', 'error', 'pending', []],

  ['pending', 'over', 'pending', []],
  ['pending for 5 minutes', 'over', 'firing', ['firing']],
  ['pending', 'under', 'ok', []],
  ['pending for 5 minutes', 'between', 'pending', []],
  ['pending for 5 minutes', 'no data', 'pending', []],
  ['pending for 5 minutes', 'error', 'pending', []],
  ['pending (no data)', 'no data', 'pending', []],
  ['pending (no data) for 5 minutes', 'no data', 'noData', ['noData']],
  ['pending (no data) for 5 minutes', 'over', 'pending', []],
  ['pending (no data) for 5 minutes', 'error', 'pending', []],
  ['pending (no data) for 5 minutes', 'under', 'ok', []],
  ['pending (error) for 5 minutes', 'error', 'error', ['error']],
  ['pending after no data was told', 'under', 'ok', ['resolved: works again']],

  ['firing', 'over', 'firing', []],
  ['firing, told an hour ago', 'over', 'firing', ['repeat']],
  ['firing', 'under', 'ok', ['resolved']],
  ['firing', 'between', 'firing', []],
  ['firing, told an hour ago', 'between', 'firing', ['repeat']],
  ['firing', 'no data', 'noData', ['noData: was firing']],
  ['firing', 'error', 'error', ['error: was firing']],

  ['noData', 'over', 'pending', []],
  ['noData', 'under', 'ok', ['resolved: works again']],
  ['noData', 'between', 'ok', ['resolved: works again']],
  ['noData', 'no data', 'noData', []],
  ['noData, told an hour ago', 'no data', 'noData', ['repeat']],
  ['noData', 'error', 'error', []],
  ['noData, told an hour ago', 'error', 'error', ['error']],
  ['noData, was firing', 'over', 'firing', []],
  ['noData, was firing', 'under', 'ok', ['resolved']],
  ['noData, was firing', 'between', 'firing', []],
  ['noData, was firing', 'no data', 'noData', []],
  ['noData, was firing, told an hour ago', 'no data', 'noData', ['repeat: was firing']],
  ['noData, was firing', 'error', 'error', []],

  ['error', 'over', 'pending', []],
  ['error', 'under', 'ok', ['resolved: works again']],
  ['error', 'between', 'ok', ['resolved: works again']],
  ['error', 'no data', 'noData', []],
  ['error, told an hour ago', 'no data', 'noData', ['noData']],
  ['error', 'error', 'error', []],
  ['error, told an hour ago', 'error', 'error', ['repeat']],
  ['error, was firing', 'over', 'firing', []],
  ['error, was firing', 'under', 'ok', ['resolved']],
  ['error, was firing', 'between', 'firing', []],
  ['error, was firing', 'no data', 'noData', []],
];

describe('the table of states', () => {
  it.each(cells)('%s + %s → %s, told %j', (state, column, expected, told) => {
    const story = given[state]().given();
    const before = story.alert();
    const result = results[column] ?? noData;
    const after = story.at(0, result).alert();
    expect(after.state).toBe(expected);
    expect(story.told).toEqual(told);

    const moved = after.state !== before.state;
    expect(story.transitions.map(({ from, to, at }) => ({ from, to, at }))).toEqual(
      moved ? [{ from: before.state, to: after.state, at: minute(0) }] : [],
    );
    expect(after.seq - before.seq).toBe(moved || told.length > 0 ? 1 : 0);
    expect(after.since).toEqual(moved ? minute(0) : before.since);
    expect(after.token).toEqual({ scheduledAt: minute(0), fence: 1 });
    expect(after.lastEvaluatedAt).toEqual(minute(0));
  });

  it.each(['firing', 'noData', 'error'] as const)('without forMs %s is entered and told at once', state => {
    const result = { firing: over, noData, error: failed }[state];
    const story = new Story().at(0, result);
    expect(story.alert().state).toBe(state);
    expect(story.told).toEqual([state]);
  });
});

describe('forMs', () => {
  it('is measured in scheduledAt and is passed at exactly its length', () => {
    const story = new Story(job).at(0, over).at(4, over);
    expect(story.alert().state).toBe('pending');
    expect(story.at(5, over).alert().state).toBe('firing');
    expect(story.messages[0]?.message.since).toEqual(minute(0));
  });

  it('starts again when the condition changes', () => {
    const story = new Story(job).at(0, over).at(4, noData).at(8, noData);
    expect(story.alert()).toMatchObject({ state: 'pending', condition: 'noData', conditionSince: minute(4) });
    expect(story.at(9, noData).told).toEqual(['noData']);
  });

  it('starts again after a recovery', () => {
    const story = new Story(job).at(0, over).at(3, under).at(4, over).at(8, over);
    expect(story.alert().state).toBe('pending');
    expect(story.at(9, over).told).toEqual(['firing']);
  });

  it('goes on between threshold and recovery, and fires at the next value over the threshold', () => {
    const story = new Story(job).at(0, over).at(6, between);
    expect(story.alert().state).toBe('pending');
    expect(story.at(7, over).told).toEqual(['firing']);
  });

  it('does not delay the word that a firing alert cannot be judged any more', () => {
    const story = new Story(job).at(0, over).at(5, over).at(6, failed);
    expect(story.told).toEqual(['firing', 'error: was firing']);
  });
});
