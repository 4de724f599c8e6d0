import { arithmetic } from './arithmetic';
import { pathOf, valueAt } from './paths';
import { commandError } from './real';
import { type Doc, UnsupportedError } from './types';
import { compare, equal, isDoc } from './values';

export interface Scope {
  readonly root: Doc;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/** Answers undefined where the value is missing. */
export type Evaluate = (scope: Scope) => unknown;
type Operator = (operands: unknown, now: Date) => Evaluate;

/** An expression of an aggregation as a function. `now` is what $$NOW means. */
export function compileExpression(expression: unknown, now: Date): Evaluate {
  if (typeof expression === 'string' && expression.startsWith('$')) return compileReference(expression, now);
  if (Array.isArray(expression)) {
    const items = expression.map(item => compileExpression(item, now));
    return scope => items.map(item => item(scope) ?? null);
  }
  if (!isDoc(expression)) return () => expression;
  const [name] = Object.keys(expression);
  if (name?.startsWith('$')) return compileOperator(name, expression, now);
  return compileDocument(expression, now);
}

/** What a condition takes for true. */
export function truthy(value: unknown): boolean {
  return value !== false && value !== null && value !== undefined && value !== 0;
}

function compileReference(reference: string, now: Date): Evaluate {
  if (reference === '$$NOW') return () => now;
  if (reference === '$$ROOT') return scope => scope.root;
  if (!reference.startsWith('$$')) {
    const name = reference.slice(1);
    const path = pathOf(name);
    return path.length === 1 ? scope => scope.root[name] : scope => valueAt(scope.root, path);
  }
  const [variable = '', ...path] = pathOf(reference.slice(2));
  return scope => {
    if (scope.variables === null || !(variable in scope.variables))
      throw new UnsupportedError(`the variable ${reference}`);
    return valueAt(scope.variables[variable], path);
  };
}

function compileDocument(expression: Doc, now: Date): Evaluate {
  const fields = Object.entries(expression).map(([name, value]) => [name, compileExpression(value, now)] as const);
  return scope => {
    const document: Doc = {};
    for (const [name, evaluate] of fields) {
      const value = evaluate(scope);
      if (value !== undefined) document[name] = value;
    }
    return document;
  };
}

function compileOperator(name: string, expression: Doc, now: Date): Evaluate {
  const operator = operators[name];
  if (operator === undefined || Object.keys(expression).length !== 1)
    throw new UnsupportedError(`the expression ${name}`);
  return operator(expression[name], now);
}

/** An operator that looks at its evaluated operands only. */
function plain(name: string, least: number, most: number, apply: (values: unknown[]) => unknown): Operator {
  return (operands, now) => {
    const list: unknown[] = Array.isArray(operands) ? operands : [operands];
    if (list.length < least || list.length > most) throw new UnsupportedError(`${name} of ${list.length} operands`);
    const parts = list.map(operand => compileExpression(operand, now));
    return scope => apply(parts.map(part => part(scope)));
  };
}

function comparison(name: string, holds: (order: number) => boolean): Operator {
  return plain(name, 2, 2, ([a, b]) => holds(compare(a, b)));
}

const many = Number.POSITIVE_INFINITY;

const operators: Record<string, Operator | undefined> = {
  $literal: operand => () => operand,
  $eq: comparison('$eq', order => order === 0),
  $ne: comparison('$ne', order => order !== 0),
  $gt: comparison('$gt', order => order > 0),
  $gte: comparison('$gte', order => order >= 0),
  $lt: comparison('$lt', order => order < 0),
  $lte: comparison('$lte', order => order <= 0),
  $and: plain('$and', 1, many, values => values.every(truthy)),
  $or: plain('$or', 1, many, values => values.some(truthy)),
  $not: plain('$not', 1, 1, ([value]) => !truthy(value)),
  $ifNull: plain('$ifNull', 2, many, values => values.find(isPresent) ?? values.at(-1)),
  $add: plain('$add', 1, many, arithmetic.add),
  $subtract: plain('$subtract', 2, 2, arithmetic.subtract),
  $max: plain('$max', 2, many, values => most(values, order => order > 0)),
  $min: plain('$min', 2, many, values => most(values, order => order < 0)),
  $concat: plain('$concat', 1, many, concat),
  $type: plain('$type', 1, 1, ([value]) => typeName(value)),
  $size: plain('$size', 1, 1, ([list]) => asList(list, '$size', 17124).length),
  $in: plain('$in', 2, 2, ([value, list]) => asList(list, '$in', 40081).some(item => equal(item, value))),
  $concatArrays: plain('$concatArrays', 1, many, concatArrays),
  $setDifference: plain('$setDifference', 2, 2, setDifference),
  $cond: compileCond,
  $filter: compileFilterList,
  $map: compileMap,
};

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function most(values: unknown[], better: (order: number) => boolean): unknown {
  let best: unknown = null;
  for (const value of values) if (isPresent(value) && (best === null || better(compare(value, best)))) best = value;
  return best;
}

function concat(values: unknown[]): unknown {
  if (!values.every(isPresent)) return null;
  return values
    .map(value => {
      if (typeof value !== 'string') throw commandError({ code: 16702, errmsg: '$concat only supports strings' });
      return value;
    })
    .join('');
}

function typeName(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (value instanceof Date) return 'date';
  if (Array.isArray(value)) return 'array';
  if (isDoc(value)) return 'object';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  throw new UnsupportedError('the $type of a number');
}

function asList(value: unknown, operator: string, code: number): unknown[] {
  if (!Array.isArray(value)) throw commandError({ code, errmsg: `${operator} needs an array` });
  return value;
}

function concatArrays(values: unknown[]): unknown {
  if (!values.every(isPresent)) return null;
  return values.flatMap(value => asList(value, '$concatArrays', 28664));
}

function setDifference([first, second]: unknown[]): unknown {
  if (!isPresent(first) || !isPresent(second)) return null;
  const without = asList(second, '$setDifference', 17049);
  const kept: unknown[] = [];
  for (const item of asList(first, '$setDifference', 17048)) {
    if (!without.some(other => equal(other, item)) && !kept.some(other => equal(other, item))) kept.push(item);
  }
  return kept;
}

function compileCond(operands: unknown, now: Date): Evaluate {
  if (!Array.isArray(operands) || operands.length !== 3) throw new UnsupportedError('$cond without its three operands');
  const [when, then, otherwise] = operands.map(operand => compileExpression(operand, now));
  return scope => (truthy(when?.(scope)) ? then?.(scope) : otherwise?.(scope));
}

/** input, as and one more part that sees each item as a variable. */
function overItems(name: string, part: string, operands: unknown, now: Date) {
  if (!isDoc(operands)) throw new UnsupportedError(`${name} without its parts`);
  const { input, as = 'this', [part]: inner, ...others } = operands;
  if (typeof as !== 'string' || Object.keys(others).length > 0) throw new UnsupportedError(`a part of ${name}`);
  const list = compileExpression(input, now);
  const evaluate = compileExpression(inner, now);
  const each = (item: unknown, { root, variables }: Scope) =>
    evaluate({ root, variables: { ...variables, [as]: item } });
  return { list, each };
}

function compileFilterList(operands: unknown, now: Date): Evaluate {
  const { list, each } = overItems('$filter', 'cond', operands, now);
  return scope => {
    const items = list(scope);
    return isPresent(items) ? asList(items, '$filter', 28651).filter(item => truthy(each(item, scope))) : null;
  };
}

function compileMap(operands: unknown, now: Date): Evaluate {
  const { list, each } = overItems('$map', 'in', operands, now);
  return scope => {
    const items = list(scope);
    return isPresent(items) ? asList(items, '$map', 16883).map(item => each(item, scope) ?? null) : null;
  };
}
