import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../app/domain/alert/evaluate';
import { failed, jobWith, minute, minuteMs, noData, over, Story, under, value } from './fixture';

describe('a message', () => {
  it('says what a reader needs', () => {
    const [entry] = new Story().at(3, value(142)).messages;
    expect(entry).toEqual({
      seq: 1,
      kind: 'firing',
      channels: ['ops'],
      message: {
        alertId: expect.stringMatching(/^online-404\.7\./),
        seq: 1,
        kind: 'firing',
        job: 'online-404',
        title: '404 online',
        labels: { team: 'web' },
        series: {},
        value: 142,
        condition: '> 100',
        from: 'ok',
        since: minute(3),
        scheduledAt: minute(3),
        error: null,
        note: null,
      },
    });
  });

  it('of a recovery names the state before and since when the trouble lasted, also through no data', () => {
    const story = new Story().at(0, over).at(5, noData).at(9, under);
    expect(story.messages.at(-1)?.message).toMatchObject({
      kind: 'resolved',
      from: 'noData',
      since: minute(0),
      value: 79,
    });
    expect(story.alert().resolvedAt).toEqual(minute(9));
  });
});

describe('repeats', () => {
  it('come every repeatMs, counted from the last message', () => {
    const story = new Story(jobWith({ notify: { repeatMs: 10 * minuteMs } }));
    for (let n = 0; n <= 25; n += 5) story.at(n, over);
    expect(story.messages.map(({ kind, message }) => [kind, message.scheduledAt])).toEqual([
      ['firing', minute(0)],
      ['repeat', minute(10)],
      ['repeat', minute(20)],
    ]);
    expect(story.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('never come where repeatMs is null', () => {
    const story = new Story(jobWith({ notify: { repeatMs: null } })).at(0, over).at(100_000, over);
    expect(story.told).toEqual(['firing']);
  });

  it('of no data and of an error come likewise', () => {
    expect(new Story().at(0, noData).at(60, noData).told).toEqual(['noData', 'repeat']);
    expect(new Story().at(0, failed).at(60, failed).told).toEqual(['error', 'repeat']);
  });
});

describe('notify', () => {
  it('onResolved: false tells no recovery, yet the alert recovers and fires anew', () => {
    const story = new Story(jobWith({ notify: { onResolved: false } })).at(0, over).at(1, under);
    expect(story.alert()).toMatchObject({ state: 'ok', resolvedAt: minute(1), firingTold: false });
    expect(story.at(2, failed).at(3, under).at(4, over).told).toEqual(['firing', 'error', 'firing']);
  });

  it('without channels keeps the states and no message', () => {
    const story = new Story(jobWith({ notify: { channels: [] } })).at(0, over);
    expect(story.alert()).toMatchObject({ state: 'firing', outbox: [] });
  });

  it('keeps at most 20 messages that no relay has taken, the newest among them', () => {
    const story = new Story(jobWith({ notify: { repeatMs: 1 } }));
    for (let n = 0; n < 30; n++) story.at(n, over);
    story.at(30, under);
    const { outbox } = story.alert();
    expect(outbox).toHaveLength(20);
    expect(outbox[0]?.kind).toBe('firing');
    expect(outbox.at(-1)?.kind).toBe('resolved');
  });
});

describe('a changed definition', () => {
  it('of the rule judges from this evaluation', () => {
    const story = new Story().at(0, value(50));
    story.job = jobWith({ rule: { threshold: 40, recovery: null }, ruleHash: 'r2' });
    expect(story.at(1, value(50)).alert()).toMatchObject({ state: 'firing', ruleHash: 'r2' });
  });

  it('of the query starts the wait of a pending alert anew', () => {
    const rule = { forMs: 5 * minuteMs };
    const story = new Story(jobWith({ rule })).at(0, over);
    story.job = jobWith({ rule, queryHash: 'q2' });
    expect(story.at(5, over).alert()).toMatchObject({ state: 'pending', conditionSince: minute(5), queryHash: 'q2' });
    expect(story.at(10, over).told).toEqual(['firing']);
  });

  it('of the query makes a pending alert ok where nothing is over the threshold', () => {
    const rule = { forMs: 5 * minuteMs };
    const story = new Story(jobWith({ rule })).at(0, over);
    story.job = jobWith({ rule, queryHash: 'q2' });
    expect(story.at(1, value(90)).alert()).toMatchObject({ state: 'ok', condition: null, conditionSince: null });
    expect(story.told).toEqual([]);
  });

  it('of the query leaves a firing alert firing', () => {
    const story = new Story().at(0, over);
    story.job = jobWith({ queryHash: 'q2' });
    expect(story.at(1, over).told).toEqual(['firing']);
  });
});

describe('order', () => {
  it('an evaluation older than the stored one changes nothing', () => {
    const story = new Story().at(5, over);
    const late = evaluate({ job: story.job, result: under, alerts: story.alerts, scheduledAt: minute(4), fence: 9 });
    expect(late).toEqual({ alerts: [], transitions: [] });
  });

  it.each([
    [1, 'nothing'],
    [2, 'nothing'],
    [3, 'ok'],
  ])('the same instant under fence %i, where 2 is stored, changes %s', (fence, expected) => {
    const story = new Story().at(5, over, 2);
    const again = evaluate({ job: story.job, result: under, alerts: story.alerts, scheduledAt: minute(5), fence });
    expect(again.alerts.map(({ state }) => state)).toEqual(expected === 'nothing' ? [] : [expected]);
  });
});
