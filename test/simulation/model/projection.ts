import { fieldAt, pathOf, withField } from './paths';
import { type Doc, UnsupportedError } from './types';

/** Documents with only the named fields, and _id. */
export function projected(documents: readonly Doc[], projection: Doc | undefined): readonly Doc[] {
  if (projection === undefined || Object.keys(projection).length === 0) return documents;
  const { _id = 1, ...fields } = projection;
  if (_id !== 1 || Object.values(fields).some(value => value !== 1))
    throw new UnsupportedError('a projection but by 1');
  const paths = Object.keys(fields).map(pathOf);
  return documents.map(document => {
    let kept: Doc = { _id: document['_id'] };
    for (const path of paths) kept = withField(kept, path, fieldAt(document, path));
    return kept;
  });
}
