import type { Doc } from './model/types';

/** A change of one document, as it became visible. */
export interface Change {
  collection: string;
  before: Doc | null;
  after: Doc | null;
}

export function text(doc: Doc | null, field: string): string {
  const value = doc?.[field];
  return typeof value === 'string' ? value : '';
}

export function number(doc: Doc | null, field: string): number {
  const value = doc?.[field];
  return typeof value === 'number' ? value : Number.NaN;
}

/** In ms; NaN where the field holds no time. */
export function time(doc: Doc | null, field: string): number {
  const value = doc?.[field];
  return value instanceof Date ? value.getTime() : Number.NaN;
}

export function inner(doc: Doc | null, field: string): Doc | null {
  const value = doc?.[field];
  return isDoc(value) ? value : null;
}

export function list(doc: Doc | null, field: string): unknown[] {
  const value = doc?.[field];
  return Array.isArray(value) ? value : [];
}

function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
