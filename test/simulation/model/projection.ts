import { type Path, pathOf } from './paths';
import { type Doc, UnsupportedError } from './types';
import { isDoc } from './values';

/** Documents with only the named fields, and _id. */
export function projected(documents: readonly Doc[], projection: Doc | undefined): readonly Doc[] {
  if (projection === undefined || Object.keys(projection).length === 0) return documents;
  const { _id = 1, ...fields } = projection;
  if (_id !== 1 || Object.values(fields).some(value => value !== 1))
    throw new UnsupportedError('a projection but by 1');
  const paths = ['_id', ...Object.keys(fields)].map(pathOf);
  return documents.map(document => only(document, paths));
}

/** Of each document on the way of a path there is one in the answer, with what the paths name of it. */
function only(document: Doc, paths: readonly Path[]): Doc {
  const kept: Doc = {};
  for (const [name, value] of Object.entries(document)) {
    const inner = paths.filter(path => path[0] === name).map(path => path.slice(1));
    if (inner.length === 0) continue;
    if (inner.some(path => path.length === 0)) kept[name] = value;
    else if (isDoc(value)) kept[name] = only(value, inner);
    else if (Array.isArray(value)) throw new UnsupportedError(`a projection into the list ${name}`);
  }
  return kept;
}
