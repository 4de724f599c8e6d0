import { type Doc, UnsupportedError } from './types';

export function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A deep copy as it comes out of BSON: fields that are undefined are left out. */
export function copy<T>(value: T): T;
export function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'bigint' || typeof value === 'symbol') throw noBson(value);
    return value;
  }
  if (value instanceof Date) return new Date(value.getTime());
  if (Array.isArray(value)) return value.map(item => (item === undefined ? null : copy(item)));
  return copyDoc(value);
}

function copyDoc(value: object): Doc {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw noBson(value);
  const result: Doc = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) result[key] = copy(item);
  return result;
}

function noBson(value: unknown): UnsupportedError {
  return new UnsupportedError(`values like ${Object.prototype.toString.call(value)}`);
}

const kinds = { missing: 0, null: 1, number: 2, string: 3, object: 4, array: 5, bool: 6, date: 7 } as const;

/** The place of a value's type in BSON's order; types of one place compare with each other. */
export function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'undefined':
      return kinds.missing;
    case 'number':
      return kinds.number;
    case 'string':
      return kinds.string;
    case 'boolean':
      return kinds.bool;
    case 'object':
      if (value === null) return kinds.null;
      if (value instanceof Date) return kinds.date;
      return Array.isArray(value) ? kinds.array : kinds.object;
    default:
      throw noBson(value);
  }
}

/** BSON's order of two values; missing comes before null. */
export function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  const kind = kindOf(a);
  const byKind = kind - kindOf(b);
  if (byKind !== 0) return byKind;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'number' && typeof b === 'number') return compareNumber(a, b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (typeof a === 'boolean') return a ? 1 : -1;
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (isDoc(a) && isDoc(b)) return compareDocs(a, b);
  return 0;
}

export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b) === 0;
}

/** NaN is before all other numbers. */
function compareNumber(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  if (Number.isNaN(b)) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By bytes of UTF-8: other than by units of UTF-16 where a surrogate meets what stands behind the surrogates. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const one = a.charCodeAt(index);
    const other = b.charCodeAt(index);
    if (one !== other) return one >= 0xd800 && other >= 0xd800 ? rank(one) - rank(other) : one - other;
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compare(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Field by field as they stand: type, then name, then value. */
function compareDocs(a: Doc, b: Doc): number {
  const ours = Object.entries(a);
  const theirs = Object.entries(b);
  const length = Math.min(ours.length, theirs.length);
  for (let index = 0; index < length; index++) {
    const [name = '', value] = ours[index] ?? [];
    const [otherName = '', otherValue] = theirs[index] ?? [];
    const order = kindOf(value) - kindOf(otherValue) || compareText(name, otherName) || compare(value, otherValue);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
}

/** One text per value of the types that keys of indexes have here. */
export function keyOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '\u0000null';
  if (typeof value === 'number' || typeof value === 'boolean') return `\u0000${String(value)}`;
  if (value instanceof Date) return `\u0000date${value.getTime()}`;
  throw new UnsupportedError(`a key of an index like ${JSON.stringify(value)}`);
}
