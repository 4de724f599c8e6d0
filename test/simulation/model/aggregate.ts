import { compileExpression } from './expression';
import { compileFilter } from './query';
import { type Sort, sorted } from './sort';
import { type Doc, UnsupportedError } from './types';
import { isDoc, keyOf } from './values';

/** The documents as they come out of the stages. */
export function aggregated(documents: readonly Doc[], pipeline: readonly Doc[], now: Date): readonly Doc[] {
  return pipeline.reduce<readonly Doc[]>((current, stage) => staged(current, stage, now), documents);
}

function staged(documents: readonly Doc[], stage: Doc, now: Date): readonly Doc[] {
  const [[name, operand] = ['', null], more] = Object.entries(stage);
  if (more !== undefined || !isDoc(operand)) throw new UnsupportedError(`the stage ${name} of an aggregation`);
  if (name === '$match') return documents.filter(compileFilter(operand, now));
  if (name === '$sort') return sorted(documents, sortOf(operand));
  if (name === '$group') return grouped(documents, operand, now);
  throw new UnsupportedError(`the stage ${name} of an aggregation`);
}

/** A sort as it was given; throws for directions other than 1 and -1. */
export function sortOf(given: unknown): Sort {
  if (!isDoc(given)) throw new UnsupportedError(`the sort ${String(given)}`);
  const sort: Record<string, 1 | -1> = {};
  for (const [field, direction] of Object.entries(given)) {
    if (direction !== 1 && direction !== -1) throw new UnsupportedError(`the sort by ${field}: ${String(direction)}`);
    sort[field] = direction;
  }
  return sort;
}

function grouped(documents: readonly Doc[], { _id: by, ...fields }: Doc, now: Date): Doc[] {
  const evaluateKey = compileExpression(by, now);
  const accumulators = Object.entries(fields).map(([name, accumulator]) => {
    if (!isDoc(accumulator) || Object.keys(accumulator).join() !== '$first') {
      throw new UnsupportedError(`the accumulator of ${name}`);
    }
    return [name, compileExpression(accumulator['$first'], now)] as const;
  });
  const groups = new Map<string, Doc>();
  for (const root of documents) {
    const scope = { root, variables: null };
    const _id = evaluateKey(scope) ?? null;
    const key = keyOf(_id);
    if (groups.has(key)) continue;
    groups.set(key, { _id, ...Object.fromEntries(accumulators.map(([name, value]) => [name, value(scope) ?? null])) });
  }
  return [...groups.values()];
}
