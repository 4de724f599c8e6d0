import { compileExpression, type Scope } from './expression';
import { fieldAt, type Path, pathOf, withField } from './paths';
import { hasOperators } from './query';
import { commandError } from './real';
import { type Doc, UnsupportedError } from './types';
import { compare, equal, isDoc } from './values';

/** Answers the document as it is afterwards; the given one stays as it is. */
export type Change = (document: Doc, inserting: boolean) => Doc;

/** An update with operators or a pipeline. `now` is what $$NOW means. */
export function compileUpdate(update: unknown, now: Date): Change {
  const change = Array.isArray(update) ? compilePipeline(update, now) : compileOperators(update);
  return (document, inserting) => withSameId(document, change(document, inserting));
}

/** The document in place of whatever stands there, under the same _id. */
export function compileReplacement(replacement: Doc): Change {
  return document => {
    const { _id = document['_id'], ...fields } = replacement;
    return withSameId(document, _id === undefined ? fields : { _id, ...fields });
  };
}

function withSameId(before: Doc, after: Doc): Doc {
  if (before['_id'] === undefined || equal(before['_id'], after['_id'])) return after;
  const errmsg = "Performing an update on the path '_id' would modify the immutable field '_id'";
  throw commandError({ code: 66, codeName: 'ImmutableField', errmsg });
}

type Operate = (value: unknown, operand: unknown, path: Path) => unknown;

const operators: Record<string, Operate | undefined> = {
  $set: (_value, operand) => operand,
  $setOnInsert: (_value, operand) => operand,
  $unset: () => undefined,
  $inc: (value, operand, path) => increased(value, operand, path),
  $max: (value, operand) => (value === undefined || compare(operand, value) > 0 ? operand : value),
  $min: (value, operand) => (value === undefined || compare(operand, value) < 0 ? operand : value),
  $push: pushed,
};

function compileOperators(update: unknown): Change {
  if (!hasOperators(update)) throw new UnsupportedError('an update without operators');
  const steps = Object.entries(update).flatMap(([name, fields]) => {
    const operate = operators[name];
    if (operate === undefined || !isDoc(fields)) throw new UnsupportedError(`the operator ${name} of an update`);
    return Object.entries(fields).map(([field, operand]) => ({ name, path: pathOf(field), operate, operand }));
  });
  refuseConflicts(
    steps.map(({ path }) => path.join('.')),
    40,
  );
  return (document, inserting) => {
    let after = document;
    for (const { name, path, operate, operand } of steps) {
      if (name === '$setOnInsert' && !inserting) continue;
      after = withField(after, path, operate(fieldAt(document, path), operand, path));
    }
    return after;
  };
}

function refuseConflicts(fields: string[], code: number): void {
  const sorted = fields.sort();
  for (const [index, field] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== field && !next?.startsWith(`${field}.`)) continue;
    const errmsg = `Updating the path '${next}' would create a conflict at '${field}'`;
    throw commandError({ code, errmsg });
  }
}

function increased(value: unknown, operand: unknown, path: Path): number {
  if (typeof operand !== 'number') throw new UnsupportedError(`$inc by ${String(operand)}`);
  if (value === undefined) return operand;
  if (typeof value === 'number') return value + operand;
  const errmsg = `Cannot apply $inc to a value of non-numeric type in ${path.join('.')}`;
  throw commandError({ code: 14, codeName: 'TypeMismatch', errmsg });
}

function pushed(value: unknown, operand: unknown, path: Path): unknown {
  const items = isDoc(operand) && '$each' in operand ? operand['$each'] : [operand];
  if (!Array.isArray(items) || (isDoc(operand) && hasOperators(operand) && Object.keys(operand).length > 1)) {
    throw new UnsupportedError('a part of $push beside $each');
  }
  if (value === undefined) return items;
  if (Array.isArray(value)) return [...value, ...items];
  const errmsg = `The field '${path.join('.')}' must be an array`;
  throw commandError({ code: 2, codeName: 'BadValue', errmsg });
}

function compilePipeline(stages: readonly unknown[], now: Date): Change {
  const steps = stages.map(stage => compileStage(stage, now));
  return document => steps.reduce((current, step) => step(current), document);
}

function compileStage(stage: unknown, now: Date): (document: Doc) => Doc {
  if (!isDoc(stage) || Object.keys(stage).length !== 1) throw new UnsupportedError('a stage that is not one operator');
  const [[name, operand] = []] = Object.entries(stage);
  if (name === '$set' && isDoc(operand)) return compileSet(operand, now);
  if (name === '$unset') return compileUnset(operand);
  throw new UnsupportedError(`the stage ${name} of an update`);
}

function compileUnset(operand: unknown): (document: Doc) => Doc {
  const names: unknown[] = Array.isArray(operand) ? operand : [operand];
  const paths = names.map(name => pathOf(String(name)));
  return document => paths.reduce((current, path) => withField(current, path, undefined), document);
}

type Setter = (existing: unknown, scope: Scope) => unknown;

/** All expressions of a stage see the document as it came into the stage. */
function compileSet(fields: Doc, now: Date): (document: Doc) => Doc {
  refuseConflicts(Object.keys(fields), 40176);
  const steps = Object.entries(fields).map(([name, value]) => ({ path: pathOf(name), set: compileSetter(value, now) }));
  return document => {
    const scope = { root: document, variables: null };
    let after = document;
    for (const { path, set } of steps) after = withField(after, path, set(fieldAt(document, path), scope), emptied);
    return after;
  };
}

/** A document without operators is merged into the one that stands there, field by field. */
function compileSetter(value: unknown, now: Date): Setter {
  if (isDoc(value) && Object.keys(value).length === 0) {
    throw commandError({ code: 40180, errmsg: 'an empty object is not a valid value. Found empty object at path' });
  }
  if (!isDoc(value) || hasOperators(value)) {
    const evaluate = compileExpression(value, now);
    return (_existing, scope) => evaluate(scope);
  }
  const fields = Object.entries(value).map(([name, inner]) => [name, compileSetter(inner, now)] as const);
  return (existing, scope) => {
    if (Array.isArray(existing)) throw new UnsupportedError('$set of fields inside a list');
    const before = isDoc(existing) ? existing : {};
    let after = before;
    for (const [name, set] of fields) after = withField(after, [name], set(before[name], scope));
    return after;
  };
}

/** A pipeline puts a document in the place of what is none. */
function emptied(): Doc {
  return {};
}

/** What an upsert begins with: the fields for which the filter names one value. */
export function seedOf(filter: Doc): Doc {
  let seed: Doc = {};
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$expr') continue;
    if (name.startsWith('$')) throw new UnsupportedError(`${name} in the filter of an upsert`);
    const value = hasOperators(condition) ? condition['$eq'] : condition;
    if (hasOperators(condition) && '$in' in condition) throw new UnsupportedError('$in in the filter of an upsert');
    if (value !== undefined) seed = withField(seed, pathOf(name), value);
  }
  return seed;
}
