import { describe, expect, it } from 'vitest';
import { type Matcher, MatcherJudge, validateMatchers } from '../../../../app/domain/mute/match';

const labels = { job: 'online-404', team: 'web', note: 'two\nlines' };

const table: [Matcher['op'], string, string, boolean][] = [
  ['=', 'job', 'online-404', true],
  ['=', 'job', 'online', false],
  ['!=', 'job', 'online-404', false],
  ['!=', 'job', 'other', true],
  ['=~', 'job', 'online-.*', true],
  ['=~', 'job', 'online', false],
  ['=~', 'job', 'a|online-404', true],
  ['=~', 'job', 'online|404', false],
  ['!~', 'job', 'online-.*', false],
  ['!~', 'job', 'online', true],
  ['=', 'missing', '', true],
  ['!=', 'missing', '', false],
  ['=~', 'missing', '.*', true],
  ['=~', 'missing', '.+', false],
  ['!~', 'missing', '.+', true],
  ['=', 'toString', '', true],
  ['=~', 'note', 'two.lines', true],
];

describe('matching labels', () => {
  for (const [op, label, value, expected] of table) {
    it(`${label} ${op} ${JSON.stringify(value)} is ${expected}`, () => {
      expect(new MatcherJudge().matches([{ label, op, value }], labels)).toBe(expected);
    });
  }

  it('needs every matcher', () => {
    const judge = new MatcherJudge();
    const team: Matcher = { label: 'team', op: '=', value: 'web' };
    expect(judge.matches([team, { label: 'job', op: '=~', value: 'online.*' }], labels)).toBe(true);
    expect(judge.matches([team, { label: 'job', op: '=', value: 'x' }], labels)).toBe(false);
  });

  it('answers at once for an expression that backtracking engines never finish', () => {
    const startedAt = performance.now();
    const hard = { x: `${'a'.repeat(500)}!` };
    expect(new MatcherJudge().matches([{ label: 'x', op: '=~', value: '(a+)+' }], hard)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('forgets the oldest expressions instead of growing', () => {
    const judge = new MatcherJudge(2);
    for (const value of ['a', 'b', 'c', 'a', 'online.*']) judge.matches([{ label: 'job', op: '=~', value }], labels);
    expect(judge.matches([{ label: 'job', op: '=~', value: 'online.*' }], labels)).toBe(true);
  });
});

describe('validating matchers', () => {
  it('accepts what it can match', () => {
    expect(validateMatchers([{ label: 'job', op: '=~', value: 'a.*|b' }])).toEqual([]);
  });

  it('names each fault and where it stands', () => {
    const faults = validateMatchers([
      { label: 'job', op: '=~', value: '(' },
      { label: '', op: '=', value: 'x' },
      { label: 'job', op: '=', value: 'x'.repeat(513) },
      { label: 'job', op: '!~', value: '(?=a)' },
    ]);
    expect(faults.map(fault => fault.path)).toEqual([
      'matchers.0.value',
      'matchers.1.label',
      'matchers.2.value',
      'matchers.3.value',
    ]);
    expect(faults[0]?.message).toContain('regular expression');
  });

  it('refuses none and more than 20', () => {
    expect(validateMatchers([])).toHaveLength(1);
    const many = Array.from({ length: 21 }, (): Matcher => ({ label: 'job', op: '=', value: 'x' }));
    expect(validateMatchers(many)[0]?.message).toContain('21');
  });

  it('refuses an expression that would grow without bound', () => {
    expect(validateMatchers([{ label: 'job', op: '=~', value: '((a{99}){99}){99}' }])).toHaveLength(1);
  });
});
