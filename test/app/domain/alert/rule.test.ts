import { describe, expect, it } from 'vitest';
import { compare, inWords } from '../../../../app/domain/alert/rule';
import type { Rule } from '../../../../app/domain/alert/types';
import { jobWith } from './fixture';

function rule(op: Rule['op'], threshold: Rule['threshold'], recovery: number | null = null): Rule {
  return { ...jobWith().rule, op, threshold, recovery };
}

describe('compare', () => {
  it.each([
    ['>', 100, null, { 100: 'under', 101: 'over' }],
    ['>=', 100, null, { 99: 'under', 100: 'over' }],
    ['<', 100, null, { 99: 'over', 100: 'under' }],
    ['<=', 100, null, { 100: 'over', 101: 'under' }],
    ['==', 0, null, { 0: 'over', 1: 'under' }],
    ['!=', 0, null, { 0: 'under', 1: 'over' }],
    ['outside', [5, 10], null, { 4: 'over', 5: 'under', 10: 'under', 11: 'over' }],
    ['inside', [5, 10], null, { 4: 'under', 5: 'over', 10: 'over', 11: 'under' }],
    ['>', 100, 80, { 101: 'over', 100: 'between', 80: 'between', 79: 'under' }],
    ['>=', 100, 80, { 100: 'over', 99: 'between', 80: 'between', 79: 'under' }],
    ['<', 10, 20, { 9: 'over', 10: 'between', 20: 'between', 21: 'under' }],
    ['<=', 10, 20, { 10: 'over', 11: 'between', 20: 'between', 21: 'under' }],
    ['==', 5, 3, { 5: 'over', 4: 'under' }],
  ] as const)('%s %j with recovery %s', (op, threshold, recovery, expected) => {
    const bounds =
      typeof threshold === 'number' ? threshold : ([threshold[0], threshold[1]] satisfies Rule['threshold']);
    const found = Object.keys(expected).map(number => [number, compare(rule(op, bounds, recovery), Number(number))]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});

describe('inWords', () => {
  it('reads as a person would write the rule', () => {
    expect(inWords(rule('>', 100))).toBe('> 100');
    expect(inWords(rule('outside', [5, 10]))).toBe('outside 5…10');
  });
});
