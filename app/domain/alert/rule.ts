import type { ErrorPolicy, NoDataPolicy, Rule } from './types';

/** A column of the state table, or `unchanged` where a policy says keep. */
export type Verdict = 'over' | 'under' | 'between' | 'noData' | 'error' | 'unchanged';

/** Where a value stands: over the threshold, under it (strictly past `recovery` where there is one), or between the two. */
export function compare(rule: Rule, value: number): 'over' | 'under' | 'between' {
  if (isOver(rule, value)) return 'over';
  if (rule.recovery === null) return 'under';
  if (rule.op === '>' || rule.op === '>=') return value < rule.recovery ? 'under' : 'between';
  if (rule.op === '<' || rule.op === '<=') return value > rule.recovery ? 'under' : 'between';
  return 'under';
}

/** What a policy makes of no data or an error. */
export function byPolicy(policy: NoDataPolicy | ErrorPolicy): Verdict {
  if (policy === 'ok') return 'under';
  if (policy === 'firing') return 'over';
  if (policy === 'keep') return 'unchanged';
  return policy;
}

/** The rule for a reader: `> 100`, `outside 5…10`. */
export function inWords(rule: Rule): string {
  const threshold = typeof rule.threshold === 'number' ? String(rule.threshold) : rule.threshold.join('…');
  return `${rule.op} ${threshold}`;
}

function isOver(rule: Rule, value: number): boolean {
  const [low, high] = typeof rule.threshold === 'number' ? [rule.threshold, rule.threshold] : rule.threshold;
  switch (rule.op) {
    case '>':
      return value > high;
    case '>=':
      return value >= high;
    case '<':
      return value < low;
    case '<=':
      return value <= low;
    case '==':
      return value === low;
    case '!=':
      return value !== low;
    case 'outside':
      return value < low || value > high;
    case 'inside':
      return value >= low && value <= high;
  }
}
