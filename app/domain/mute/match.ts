import { RE2JS, RE2JSException } from 're2js';
import type { FieldError } from '../errors';
import type { Labels } from '../message/types';

/** One condition on one label; a mute holds what all of its matchers accept. */
export interface Matcher {
  label: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

const maxMatchers = 20;
const maxLabelLength = 128;
const maxValueLength = 512;

/** Every fault of the matchers at once; `path` is where they stand in the request. */
export function validateMatchers(matchers: readonly Matcher[], path = 'matchers'): FieldError[] {
  if (matchers.length === 0) {
    return [{ path, message: 'is empty: a mute needs at least one matcher, such as job = "online-404"' }];
  }
  if (matchers.length > maxMatchers) {
    return [{ path, message: `has ${matchers.length} matchers; at most ${maxMatchers} are allowed` }];
  }
  return matchers.flatMap((matcher, index) => matcherFaults(matcher, `${path}.${index}`));
}

function matcherFaults({ label, op, value }: Matcher, path: string): FieldError[] {
  const faults: FieldError[] = [];
  if (label === '' || label.length > maxLabelLength) {
    faults.push({
      path: `${path}.label`,
      message: `has ${label.length} characters; 1 to ${maxLabelLength} are allowed`,
    });
  }
  if (value.length > maxValueLength) {
    faults.push({ path: `${path}.value`, message: `has ${value.length} characters; ${maxValueLength} are allowed` });
  } else if (op === '=~' || op === '!~') {
    const reason = syntaxFault(value);
    if (reason !== null) faults.push({ path: `${path}.value`, message: reason });
  }
  return faults;
}

function syntaxFault(pattern: string): string | null {
  try {
    compile(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `${JSON.stringify(pattern)} is not a regular expression of RE2 (no look-around, no back-references): ${error.message}`;
  }
}

/** Linear in the length of the value, whatever the expression: a mute is written by users and read at every send. */
function compile(pattern: string): RE2JS {
  return RE2JS.compile(pattern, RE2JS.DOTALL);
}

/**
 * Judges labels by matchers as Alertmanager does: all must accept, a label that is missing is the empty string, and a
 * regular expression must match the whole value. Compiled expressions are kept, at most `limit` of them.
 */
export class MatcherJudge {
  private readonly compiled = new Map<string, RE2JS>();

  constructor(private readonly limit = 1000) {}

  /** Whether every matcher accepts the labels. Matchers must have passed validateMatchers. */
  matches(matchers: readonly Matcher[], labels: Labels): boolean {
    return matchers.every(({ label, op, value }) => {
      const found = Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';
      if (op === '=' || op === '!=') return (found === value) === (op === '=');
      return this.expression(value).testExact(found) === (op === '=~');
    });
  }

  private expression(pattern: string): RE2JS {
    const known = this.compiled.get(pattern);
    if (known !== undefined) return known;
    const expression = compile(pattern);
    const oldest = this.compiled.keys().next();
    if (this.compiled.size >= this.limit && !oldest.done) this.compiled.delete(oldest.value);
    this.compiled.set(pattern, expression);
    return expression;
  }
}
