import { compileExpression, truthy } from './expression';
import { anyAt, pathOf } from './paths';
import { type Doc, UnsupportedError } from './types';
import { compare, equal, isDoc, kindOf } from './values';

export type Matches = (document: Doc) => boolean;
type Test = (value: unknown) => boolean;

const always: Matches = () => true;

/** A filter as a function. `now` is what $$NOW means. Throws UnsupportedError for what the model does not know. */
export function compileFilter(filter: Doc, now: Date): Matches {
  const parts = Object.entries(filter).map(([name, condition]) => compilePart(name, condition, now));
  const [first, second] = parts;
  if (first === undefined) return always;
  if (second === undefined) return first;
  return document => parts.every(part => part(document));
}

function compilePart(name: string, condition: unknown, now: Date): Matches {
  if (!name.startsWith('$')) return compileField(name, condition);
  if (name === '$expr') {
    const evaluate = compileExpression(condition, now);
    return document => truthy(evaluate({ root: document, variables: null }));
  }
  const parts = filtersOf(name, condition).map(filter => compileFilter(filter, now));
  if (name === '$and') return document => parts.every(part => part(document));
  if (name === '$or') return document => parts.some(part => part(document));
  if (name === '$nor') return document => !parts.some(part => part(document));
  throw new UnsupportedError(`the operator ${name} of a filter`);
}

function filtersOf(name: string, list: unknown): Doc[] {
  if (!Array.isArray(list) || list.length === 0) throw new UnsupportedError(`${name} without a list of filters`);
  return list.map(filter => {
    if (!isDoc(filter)) throw new UnsupportedError(`${name} over ${String(filter)}`);
    return filter;
  });
}

/** Whether a condition holds operators, and is no document to be equal to. */
export function hasOperators(condition: unknown): condition is Doc {
  return isDoc(condition) && Object.keys(condition)[0]?.startsWith('$') === true;
}

function compileField(name: string, condition: unknown): Matches {
  if (!hasOperators(condition)) return some(name, equalTo(condition));
  const parts = Object.entries(condition).map(([operator, operand]) => compileOperator(name, operator, operand));
  return document => parts.every(part => part(document));
}

function compileOperator(name: string, operator: string, operand: unknown): Matches {
  switch (operator) {
    case '$eq':
      return some(name, equalTo(operand));
    case '$ne':
      return not(some(name, equalTo(operand)));
    case '$in':
      return some(name, isIn(operand));
    case '$nin':
      return not(some(name, isIn(operand)));
    case '$exists':
      return operand === true ? exists(name) : not(exists(name));
    case '$gt':
      return some(
        name,
        ordered(operand, order => order > 0),
      );
    case '$gte':
      return some(
        name,
        ordered(operand, order => order >= 0),
      );
    case '$lt':
      return some(
        name,
        ordered(operand, order => order < 0),
      );
    case '$lte':
      return some(
        name,
        ordered(operand, order => order <= 0),
      );
    case '$regex':
      return some(name, matching(operand));
    case '$not':
      return not(compileField(name, hasOperators(operand) ? operand : { $unsupported: operand }));
    default:
      throw new UnsupportedError(`the operator ${operator} of a filter`);
  }
}

function not(matches: Matches): Matches {
  return document => !matches(document);
}

/** The value itself, or, where it is a list, any value in it. */
function some(name: string, test: Test): Matches {
  const onLeaf = (leaf: unknown) => test(leaf) || (Array.isArray(leaf) && leaf.some(test));
  const path = pathOf(name);
  if (path.length === 1) return document => onLeaf(document[name]);
  return document => anyAt(document, path, onLeaf);
}

function exists(name: string): Matches {
  const path = pathOf(name);
  return document => anyAt(document, path, leaf => leaf !== undefined);
}

function equalTo(operand: unknown): Test {
  if (operand === null) return value => value === null || value === undefined;
  if (operand instanceof Date) {
    const time = operand.getTime();
    return value => value instanceof Date && value.getTime() === time;
  }
  if (typeof operand === 'object') return value => equal(value, operand);
  return value => value === operand;
}

function isIn(operand: unknown): Test {
  if (!Array.isArray(operand)) throw new UnsupportedError('$in without a list');
  if (operand.length > 8 && operand.every(item => typeof item === 'string')) {
    const set = new Set<unknown>(operand);
    return value => set.has(value);
  }
  const tests = operand.map(equalTo);
  return value => tests.some(test => test(value));
}

function matching(operand: unknown): Test {
  if (typeof operand !== 'string') throw new UnsupportedError('a $regex that is no text');
  const pattern = new RegExp(operand, 'u');
  return value => typeof value === 'string' && pattern.test(value);
}

/** Only values of the operand's own type have an order with it. */
function ordered(operand: unknown, holds: (order: number) => boolean): Test {
  if (operand === null || (typeof operand === 'object') !== operand instanceof Date) {
    throw new UnsupportedError(`an order with ${JSON.stringify(operand)}`);
  }
  const kind = kindOf(operand);
  return value => kindOf(value) === kind && holds(compare(value, operand));
}
