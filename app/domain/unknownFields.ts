import type { z } from 'zod';

type Fields = Record<string, unknown>;
type Path = readonly PropertyKey[];

/** Faults are found level by level: as deep as settings ever are. */
const mostLevels = 10;

/**
 * Reads stored data by a schema that otherwise refuses what it does not know: fields that a newer version put there are
 * left out, every other fault stays one.
 */
export function safeParseStored<T>(schema: z.ZodType<T>, stored: unknown): z.ZodSafeParseResult<T> {
  const parsed = schema.safeParse(stored);
  return parsed.success ? parsed : schema.safeParse(knownPart(schema, stored));
}

/** What of the stored data this schema knows; unchanged where it knows all. */
export function knownPart(schema: z.ZodType, stored: unknown): unknown {
  let known = stored;
  for (let level = 0; level < mostLevels; level++) {
    const parsed = schema.safeParse(known);
    const unknown = parsed.success ? [] : parsed.error.issues.flatMap(unrecognized);
    if (unknown.length === 0) return known;
    known = unknown.reduce<unknown>((value, path) => without(value, path), known);
  }
  return known;
}

function unrecognized(issue: z.core.$ZodIssue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map(key => [...issue.path, key]) : [];
}

function without(value: unknown, [head, ...rest]: Path): unknown {
  if (head === undefined) return value;
  if (Array.isArray(value)) return value.map((one, index) => (index === head ? without(one, rest) : one));
  if (!isFields(value)) return value;
  if (rest.length > 0) return { ...value, [head]: without(value[String(head)], rest) };
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== head));
}

/**
 * The document to be stored in place of one that this version knows only in part: `next` with those fields of `stored`
 * that were not in `known`, what this version read of it. Also inside of objects, as long as they are still the same
 * thing: of another `kind`, or with none of the fields that were there, it is not. Arrays are replaced as they are.
 */
export function keepUnknown<Next extends Fields>(stored: Fields, known: Fields, next: Next): Next {
  const kept = Object.entries(stored).filter(([name]) => !Object.hasOwn(known, name) && !Object.hasOwn(next, name));
  const inner =
    known['kind'] === next['kind'] ? Object.keys(next).flatMap(name => innerFields(stored, known, next, name)) : [];
  return { ...next, ...Object.fromEntries(inner), ...Object.fromEntries(kept) };
}

function innerFields(stored: Fields, known: Fields, next: Fields, name: string): [string, Fields][] {
  const [before, read, after] = [stored[name], known[name], next[name]];
  if (!isFields(before) || !isFields(read) || !isFields(after)) return [];
  const isSame = Object.keys(read).length === 0 || Object.keys(read).some(field => Object.hasOwn(after, field));
  return isSame ? [[name, keepUnknown(before, read, after)]] : [];
}

/** Plain data: neither a list nor a date nor what MongoDB has of its own. */
function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
