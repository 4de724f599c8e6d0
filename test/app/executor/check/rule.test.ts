import { describe, expect, it } from 'vitest';
import { ruleSchema } from '../../../../app/executor/check/rule';

function faults(rule: unknown): string[] {
  const parsed = ruleSchema.safeParse(rule);
  return parsed.success ? [] : parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
}

describe('a rule', () => {
  it('has defaults for everything but operator and threshold', () => {
    expect(ruleSchema.parse({ op: '>', threshold: 100 })).toEqual({
      op: '>',
      threshold: 100,
      recovery: null,
      forMs: 0,
      noData: 'noData',
      onError: 'error',
    });
  });

  it('takes spans as people type them, negative thresholds and two bounds', () => {
    expect(ruleSchema.parse({ op: '<', threshold: -5, recovery: -2.5, forMs: '10m' })).toMatchObject({
      threshold: -5,
      recovery: -2.5,
      forMs: 600_000,
    });
    expect(ruleSchema.parse({ op: 'outside', threshold: [-1, 1] }).threshold).toEqual([-1, 1]);
  });

  it.each([
    [{ op: '>', threshold: '-5' }, 'threshold: "-5" is a text: write the number without quotes'],
    [{ op: '>', threshold: 'many' }, 'threshold: "many" is not a threshold: give a number'],
    [{ op: '>' }, 'threshold: is missing: give a number'],
    [{ op: '=>', threshold: 1 }, 'op: "=>" is none of > >= < <='],
    [{ op: '>', threshold: [1, 2] }, 'threshold: [1,2] are two bounds: ">" compares with one number'],
    [{ op: 'inside', threshold: 5 }, 'threshold: 5 is one number: "inside" needs two bounds'],
    [{ op: 'inside', threshold: [5, 5] }, 'threshold: [5,5]: the lower bound comes first'],
    [{ op: 'outside', threshold: [9, 1] }, 'threshold: [9,1]: the lower bound comes first'],
    [{ op: 'outside', threshold: [1, 2, 3] }, 'threshold: [1,2,3] is not a threshold'],
    [
      { op: '>', threshold: 100, recovery: 101 },
      'recovery: 101 is on the firing side: with "> 100" it must be at most 100',
    ],
    [{ op: '<=', threshold: 5, recovery: 4 }, 'recovery: 4 is on the firing side: with "<= 5" it must be at least 5'],
    [{ op: '==', threshold: 5, recovery: 4 }, 'recovery: 4: "==" has no recovery threshold'],
    [{ op: 'inside', threshold: [1, 2], recovery: 4 }, 'recovery: 4: "inside" has no recovery threshold'],
    [{ op: '>', threshold: 5, recovery: '4' }, 'recovery: "4" is not a number'],
    [{ op: '>', threshold: 5, forMs: '10 minutes' }, 'forMs: "10 minutes" is not a span'],
  ])('refuses %j', (rule, message) => {
    expect(faults(rule)).toEqual([expect.stringContaining(message)]);
  });

  it('tells every fault at once, those between fields too', () => {
    const told = faults({ op: '>', threshold: 1, recovery: 2, forMs: -1, noData: 'no', severity: 1 });
    expect(told).toHaveLength(4);
    expect(told.join('\n')).toContain('recovery: 2 is on the firing side');
  });
});
