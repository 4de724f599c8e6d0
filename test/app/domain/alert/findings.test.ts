import { describe, expect, it } from 'vitest';
import { absentLimit } from '../../../../app/domain/alert/findings';
import type { CheckResult } from '../../../../app/domain/alert/types';
import { failed, hosts, jobWith, minute, noData, over, Story, under, value } from './fixture';

const a = { host: 'a' };
const b = { host: 'b' };

describe('several series', () => {
  it('are alerts of their own', () => {
    const story = new Story().at(0, hosts({ a: 200, b: 1 }));
    expect(story.alert(a).state).toBe('firing');
    expect(story.alert(b).state).toBe('ok');
    expect(story.alert(a).labels).toEqual({ team: 'web', host: 'a', job: 'online-404' });
  });

  it('share an error: each open one has it, with the message of the remote', () => {
    const story = new Story().at(0, hosts({ a: 200, b: 1 })).at(1, failed);
    expect(story.told).toEqual(['firing', 'error: was firing', 'error']);
    expect(story.alert(b).error).toEqual({ code: '62', message: 'Syntax error' });
    expect(story.alerts).toHaveLength(2);
  });
});

describe('a series that vanished from a grouped answer', () => {
  it('has no data, while the others are judged', () => {
    const story = new Story().at(0, hosts({ a: 200, b: 1 })).at(1, hosts({ b: 1 }));
    expect(story.alert(a)).toMatchObject({ state: 'noData', value: null, absentCount: 1, closed: false });
    expect(story.told).toEqual(['firing', 'noData: was firing']);
    expect(story.alert(b).state).toBe('ok');
  });

  it('is closed as gone at the 5th evaluation, and "resolved: gone" is told where firing was', () => {
    const story = new Story().at(0, hosts({ a: 200, b: 1 }));
    for (let n = 1; n < absentLimit; n++) story.at(n, hosts({ b: 1 }));
    expect(story.alert(a)).toMatchObject({ closed: false, absentCount: 4 });
    story.at(absentLimit, hosts({ b: 1 }));
    expect(story.alert(a)).toMatchObject({ closed: true, state: 'ok', resolvedAt: minute(absentLimit) });
    expect(story.told).toEqual(['firing', 'noData: was firing', 'resolved: resolved: gone']);
    expect(story.transitions.at(-1)).toMatchObject({ from: 'noData', to: 'ok', note: expect.stringContaining('gone') });
  });

  it('is closed without a message where no firing was told, with a transition that says why', () => {
    const story = new Story(jobWith({ rule: { noData: 'ok' } })).at(0, hosts({ a: 1, b: 1 }));
    for (let n = 1; n <= absentLimit; n++) story.at(n, hosts({ b: 1 }));
    expect(story.alert(a).closed).toBe(true);
    expect(story.told).toEqual([]);
    expect(story.transitions).toMatchObject([{ from: 'ok', to: 'ok', note: expect.stringContaining('gone') }]);
  });

  it('counts anew when it came back in between', () => {
    const story = new Story().at(0, hosts({ a: 1, b: 1 }));
    for (let n = 1; n < 12; n++) story.at(n, n % 4 === 0 ? hosts({ a: 1, b: 1 }) : hosts({ b: 1 }));
    expect(story.alert(a).closed).toBe(false);
  });

  it('is not counted by an evaluation that failed', () => {
    const story = new Story().at(0, hosts({ a: 1, b: 1 }));
    for (let n = 1; n < 12; n++) story.at(n, failed);
    expect(story.alert(a)).toMatchObject({ closed: false, absentCount: 0 });
  });

  it('is counted once when one occurrence is evaluated again under a higher fence', () => {
    const story = new Story()
      .at(0, hosts({ a: 1, b: 1 }))
      .at(1, hosts({ b: 1 }), 1)
      .at(1, hosts({ b: 1 }), 2);
    expect(story.alert(a)).toMatchObject({ absentCount: 1, token: { fence: 2 } });
  });

  it('starts anew when it returns after its end, with its seq going on', () => {
    const story = new Story().at(0, hosts({ a: 200, b: 1 }));
    for (let n = 1; n <= absentLimit; n++) story.at(n, hosts({ b: 1 }));
    const { seq } = story.alert(a);
    story.given().at(9, hosts({ a: 200, b: 1 }));
    expect(story.alert(a)).toMatchObject({ closed: false, state: 'firing', seq: seq + 1, absentCount: 0 });
    expect(story.told).toEqual(['firing']);
  });
});

describe('an entirely empty answer', () => {
  it('is no data of the alert without labels, and never its end', () => {
    const story = new Story().at(0, over);
    for (let n = 1; n < 20; n++) story.at(n, noData);
    expect(story.alert()).toMatchObject({ state: 'noData', closed: false });
    expect(story.told).toEqual(['firing', 'noData: was firing']);
  });

  it('makes an alert without labels where no series is known', () => {
    expect(new Story().at(0, noData).alert()).toMatchObject({ series: {}, state: 'noData' });
  });

  it('is no data and an absence for each known series', () => {
    const story = new Story().at(0, hosts({ a: 200, b: 1 })).at(1, noData);
    expect(story.alerts.map(({ state, absentCount }) => ({ state, absentCount }))).toEqual([
      { state: 'noData', absentCount: 1 },
      { state: 'noData', absentCount: 1 },
    ]);
  });
});

describe('the alert without labels of a grouped query', () => {
  it('keeps its error without repeats when labelled series answer, and "works again" is told when it is closed', () => {
    const story = new Story(jobWith({ notify: { repeatMs: 1 } })).at(0, failed);
    for (let n = 1; n < absentLimit; n++) story.at(n, hosts({ a: 1 }));
    expect(story.alert()).toMatchObject({ state: 'error', closed: false, error: { code: '62' } });
    expect(story.told).toEqual(['error']);
    story.at(absentLimit, hosts({ a: 1 }));
    expect(story.alert()).toMatchObject({ closed: true, state: 'ok' });
    expect(story.told).toEqual(['error', 'resolved: works again']);
  });

  it('is no false "no data" where it was ok', () => {
    const story = new Story(jobWith({ rule: { onError: 'ok' } })).at(0, failed);
    for (let n = 1; n <= absentLimit; n++) story.at(n, hosts({ a: 1 }));
    expect(story.alert().closed).toBe(true);
    expect(story.told).toEqual([]);
  });

  it('that fired says that it was firing, then that it is gone', () => {
    const story = new Story().at(0, over);
    for (let n = 1; n <= absentLimit; n++) story.at(n, hosts({ a: 1 }));
    expect(story.told).toEqual(['firing', 'noData: was firing', 'resolved: resolved: gone']);
  });
});

describe('an answer that cannot be judged', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('with the value %s is an error that names it', number => {
    const story = new Story().at(0, value(number, a));
    expect(story.alert()).toMatchObject({ state: 'error', error: { code: 'notNumeric' } });
    expect(story.alert().error?.message).toContain('host="a"');
  });

  it('with the same labels twice is an error that names them, and no series of it is judged', () => {
    const twice: CheckResult = { type: 'series', series: [1, 200].map(number => ({ labels: a, value: number })) };
    const story = new Story().at(0, hosts({ a: 1 })).at(1, twice);
    expect(story.alert(a)).toMatchObject({ state: 'error', error: { code: 'duplicateSeries' } });
    expect(story.alert(a).error?.message).toContain('host="a"');
  });
});

describe('policies', () => {
  it('noData: ok takes an empty answer as under the threshold, and says so', () => {
    const story = new Story(jobWith({ rule: { noData: 'ok' } })).at(0, over).at(1, noData);
    expect(story.alert().state).toBe('ok');
    expect(story.told).toEqual(['firing', 'resolved: no data counts as ok']);
  });

  it('noData: firing takes it as over, and says so', () => {
    const story = new Story(jobWith({ rule: { noData: 'firing' } })).at(0, noData).at(1, under);
    expect(story.told).toEqual(['firing: no data counts as firing', 'resolved']);
  });

  it.each([
    ['ok', under],
    ['firing', over],
  ] as const)('noData: keep leaves %s and its value as they are', (state, result) => {
    const story = new Story(jobWith({ rule: { noData: 'keep' } })).at(0, result).given().at(1, noData);
    expect(story.alert()).toMatchObject({ state, value: state === 'ok' ? 79 : 101 });
    expect(story.told).toEqual([]);
    expect(story.transitions).toEqual([]);
  });

  it('keep goes on repeating what fires', () => {
    const story = new Story(jobWith({ rule: { noData: 'keep' } })).at(0, over).at(60, noData);
    expect(story.told).toEqual(['firing', 'repeat']);
  });

  it('onError: ok takes an error as under but shows it', () => {
    const story = new Story(jobWith({ rule: { onError: 'ok' } })).at(0, over).at(1, failed);
    expect(story.alert()).toMatchObject({ state: 'ok', error: { code: '62' } });
    expect(story.told).toEqual(['firing', 'resolved: an error counts as ok']);
  });

  it('onError: firing takes it as over and carries the message of the remote', () => {
    const story = new Story(jobWith({ rule: { onError: 'firing' } })).at(0, failed);
    expect(story.told).toEqual(['firing: an error counts as firing']);
    expect(story.messages[0]?.message.error).toEqual({ code: '62', message: 'Syntax error' });
  });

  it('onError: keep leaves the state but shows the error', () => {
    const story = new Story(jobWith({ rule: { onError: 'keep' } })).at(0, over).at(1, failed);
    expect(story.alert()).toMatchObject({ state: 'firing', error: { code: '62' } });
    expect(story.told).toEqual(['firing']);
  });

  it('keep leaves a pending alert waiting without firing it', () => {
    const story = new Story(jobWith({ rule: { onError: 'keep', forMs: 60_000 } })).at(0, over).at(5, failed);
    expect(story.alert().state).toBe('pending');
    expect(story.at(6, over).told).toEqual(['firing']);
  });
});
