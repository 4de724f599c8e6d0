import { z } from 'zod';
import type { Rule } from '../../domain/alert/types';
import { spanSchema } from '../../domain/span';

const operators = ['>', '>=', '<', '<=', '==', '!=', 'outside', 'inside'] as const;

const threshold = z.union([z.number(), z.tuple([z.number(), z.number()])], {
  error: issue => thresholdType(issue.input),
});

const recovery = z.number({
  error: issue => `${shown(issue.input)} is not a number: give one (without quotes), or null for none`,
});

const shape = {
  op: z.enum(operators, { error: issue => `${shown(issue.input)} is none of ${operators.join(' ')}` }),
  threshold,
  recovery: recovery.nullable().default(null),
};

/** Enough of a rule to compare its fields: so that they are judged even where another field has a fault too. */
const comparable = z.looseObject(shape);

/** When a series fires and when it recovers; the fields are those of domain/alert's Rule. */
export const ruleSchema = z
  .strictObject({
    ...shape,
    forMs: spanSchema.default(0),
    noData: z.enum(['noData', 'ok', 'firing', 'keep']).default('noData'),
    onError: z.enum(['error', 'ok', 'firing', 'keep']).default('error'),
  })
  .refine(rule => thresholdFault(rule) === null, together('threshold', thresholdFault))
  .refine(rule => recoveryFault(rule) === null, together('recovery', recoveryFault)) satisfies z.ZodType<Rule>;

type Comparable = z.infer<typeof comparable>;

function together(field: string, faultOf: (rule: Comparable) => string | null) {
  return {
    path: [field],
    when: ({ value }: z.core.ParsePayload) => comparable.safeParse(value).success,
    error: (issue: { input?: unknown }) => {
      const rule = comparable.safeParse(issue.input);
      return rule.success ? faultOf(rule.data) : null;
    },
  };
}

function thresholdFault({ op, threshold: given }: Comparable): string | null {
  const range = op === 'outside' || op === 'inside';
  if (!range) {
    return typeof given === 'number' ? null : `${shown(given)} are two bounds: "${op}" compares with one number`;
  }
  if (typeof given === 'number') return `${given} is one number: "${op}" needs two bounds, [low, high]`;
  return given[0] < given[1] ? null : `${shown(given)}: the lower bound comes first, and the two differ`;
}

function recoveryFault({ op, threshold: given, recovery: back }: Comparable): string | null {
  if (back === null) return null;
  if (typeof given !== 'number' || !['>', '>=', '<', '<='].includes(op)) {
    return `${back}: "${op}" has no recovery threshold, only > >= < <= have one; give null`;
  }
  const above = op === '>' || op === '>=';
  if (above ? back <= given : back >= given) return null;
  return `${back} is on the firing side: with "${op} ${given}" it must be ${above ? 'at most' : 'at least'} ${given}`;
}

function thresholdType(given: unknown): string {
  const form = 'give a number, such as 100; for "outside" and "inside" two, [low, high]';
  if (given === undefined) return `is missing: ${form}`;
  const isText = typeof given === 'string' && given.trim() !== '' && Number.isFinite(Number(given));
  return isText
    ? `"${given}" is a text: write the number without quotes`
    : `${shown(given)} is not a threshold: ${form}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
}
