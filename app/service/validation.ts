import { z } from 'zod';
import type { FieldError } from '../domain/errors';

export type Checked<T> = { ok: true; value: T } | { ok: false; errors: FieldError[] };

/** What of a wrong value may stand in a message. */
export type Hide = (value: unknown, path: readonly PropertyKey[]) => unknown;

/** Parses what came from outside: every fault at once, paths prefixed by `under`. */
export function check<T>(schema: z.ZodType<T>, value: unknown, under = '', hide: Hide = given => given): Checked<T> {
  const error = (issue: z.core.$ZodRawIssue) => explain(issue, shown(hide(issue.input, issue.path ?? [])));
  const result = schema.safeParse(value, { error, reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, errors: result.error.issues.flatMap(issue => faults(issue, under)) };
}

/** `check` + [`rule`, `threshold`] → `check.rule.threshold`. */
function joinPath(under: string, path: readonly PropertyKey[]): string {
  return [under, ...path.map(String)].filter(part => part !== '').join('.');
}

/** A value as a message shows it: as JSON, cut so that a large body does not come back. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = value instanceof Date ? value.toISOString() : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function faults(issue: z.core.$ZodIssue, under: string): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({ path: joinPath(under, [...issue.path, key]), message: issue.message }));
  }
  if (issue.code === 'invalid_union') {
    const branch = closest(issue.errors);
    if (branch !== null) return branch.flatMap(inner => faults(inner, joinPath(under, issue.path)));
  }
  if (issue.code === 'invalid_key') {
    const reasons = issue.issues.map(inner => inner.message).join('; ');
    return [{ path: joinPath(under, issue.path), message: reasons }];
  }
  return [{ path: joinPath(under, issue.path), message: issue.message }];
}

/** Of the forms that a value may have, the one that it resembles most; null where none stands out. */
function closest(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | null {
  const objects = branches.filter(branch => !branch.some(issue => issue.path.length === 0 && wrongType(issue)));
  const scored = objects
    .map(branch => ({ branch, distance: distance(branch) }))
    .sort((a, b) => a.distance - b.distance);
  const [best, next] = scored;
  if (best === undefined || (next !== undefined && next.distance === best.distance)) return null;
  return best.branch;
}

function wrongType(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

/** Missing and unknown fields say "another form was meant"; a wrong value does not. */
function distance(branch: readonly z.core.$ZodIssue[]): number {
  return branch.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys') return sum + issue.keys.length * 2;
    const missing = (issue.code === 'invalid_type' || issue.code === 'invalid_union') && issue.input === undefined;
    return sum + (missing ? 3 : 0);
  }, 0);
}

const typeNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a time',
  tuple: 'a list',
};

/** What is wrong, the value that was given, and what is allowed. */
function explain(issue: z.core.$ZodRawIssue, given: string): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = typeNames[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `is missing: give ${wanted}` : `${given} must be ${wanted}`;
    }
    case 'invalid_value': {
      const allowed = issue.values.map(value => shown(value)).join(', ');
      return issue.input === undefined ? `is missing: give one of ${allowed}` : `${given} is not one of ${allowed}`;
    }
    case 'unrecognized_keys':
      return `is not a field here; known are ${knownFields(issue.inst).join(', ')}`;
    case 'too_small':
      return `${given} is too small: at least ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `${given} is too big: at most ${issue.maximum}${unit(issue.origin)}`;
    case 'invalid_format':
      return `${given} is not a valid ${issue.format === 'regex' ? `value (${issue.pattern})` : issue.format}`;
    case 'invalid_union':
      return issue.input === undefined
        ? 'is missing'
        : `${given} has none of the forms that are allowed here${forms(issue.errors)}`;
    default:
      return undefined;
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' || origin === 'set' || origin === 'record' ? ' entries' : '';
}

function forms(branches: readonly z.core.$ZodIssue[][]): string {
  const types = branches.flatMap(branch =>
    branch.flatMap(issue => {
      if (issue.code !== 'invalid_type' || issue.path.length > 1) return [];
      const name = typeNames[issue.expected] ?? issue.expected;
      return issue.path.length === 0 ? [name] : [`"${String(issue.path[0])}": ${name}`];
    }),
  );
  return types.length === 0 ? '' : `: ${[...new Set(types)].join(' or ')}`;
}

function knownFields(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
