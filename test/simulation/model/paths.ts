import { commandError } from './real';
import { type Doc, UnsupportedError } from './types';
import { isDoc } from './values';

const position = /^(0|[1-9]\d*)$/;

export type Path = readonly string[];

export function pathOf(text: string): Path {
  const path = text.split('.');
  if (path.some(part => part === '' || part.startsWith('$'))) throw new UnsupportedError(`the path ${text}`);
  return path;
}

/**
 * Whether any value at the path passes, as filters look at paths: a list on the way stands for each of its documents, and
 * for the one at a position that the path names.
 */
export function anyAt(value: unknown, path: Path, test: (leaf: unknown) => boolean, at = 0): boolean {
  const name = path[at];
  if (name === undefined) return test(value);
  if (Array.isArray(value)) {
    if (position.test(name) && Number(name) < value.length && anyAt(value[Number(name)], path, test, at + 1))
      return true;
    return value.some(item => isDoc(item) && anyAt(item, path, test, at));
  }
  return isDoc(value) ? anyAt(own(value, name), path, test, at + 1) : test(undefined);
}

/** The value at the path as expressions look at it: a list on the way answers a list. */
export function valueAt(value: unknown, path: Path, at = 0): unknown {
  const name = path[at];
  if (name === undefined) return value;
  if (Array.isArray(value)) {
    return value.map(item => (isDoc(item) ? valueAt(item, path, at) : undefined)).filter(item => item !== undefined);
  }
  return isDoc(value) ? valueAt(own(value, name), path, at + 1) : undefined;
}

/** The value at the path as updates look at it; lists on the way are not known here. */
export function fieldAt(document: Doc, path: Path): unknown {
  let value: unknown = document;
  for (const name of path) {
    if (Array.isArray(value)) throw new UnsupportedError(`an update of ${path.join('.')} inside a list`);
    value = isDoc(value) ? own(value, name) : undefined;
  }
  return value;
}

/**
 * The document with another value at the path; undefined takes the field out. The given one stays as it is. `instead` says
 * what to do where something stands on the way that is no document.
 */
export function withField(document: Doc, path: Path, value: unknown, instead: () => Doc = noDocument, at = 0): Doc {
  const name = path[at];
  if (name === undefined) return document;
  if (at === path.length - 1) {
    if (value !== undefined) return { ...document, [name]: value };
    const { [name]: _gone, ...rest } = document;
    return rest;
  }
  const inner = own(document, name);
  if (Array.isArray(inner)) throw new UnsupportedError(`an update of ${path.join('.')} inside a list`);
  if (!isDoc(inner) && value === undefined) return document;
  const within = isDoc(inner) ? inner : inner === undefined ? {} : instead();
  return { ...document, [name]: withField(within, path, value, instead, at + 1) };
}

function noDocument(): Doc {
  throw commandError({
    code: 28,
    codeName: 'PathNotViable',
    errmsg: 'Cannot create a field in an element that is no document',
  });
}

function own(document: Doc, name: string): unknown {
  return Object.hasOwn(document, name) ? document[name] : undefined;
}
