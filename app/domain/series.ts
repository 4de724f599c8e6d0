import { SourceError } from './errors';
import type { SeriesPoint } from './message/types';

/** A column of an answer as its remote names it. */
export interface Column {
  name: string;
  numeric: boolean;
  /** The remote's word for what stands in it, for messages. */
  type: string;
}

export type Cell = string | number | null;

/**
 * One series per row: the numeric column `value`, or the only numeric one, is its value, the others are its labels.
 * A value that is NULL or no finite number is no data for that series: the row is left out. A label that is NULL is ''.
 * Throws SourceError `notNumeric`, `ambiguousValue` or `duplicateSeries` with the columns in question.
 */
export function toSeries(columns: readonly Column[], rows: readonly (readonly Cell[])[]): SeriesPoint[] {
  if (rows.length === 0) return [];
  const at = valueColumn(columns);
  const seen = new Set<string>();
  return rows.flatMap(row => {
    const labels = labelsOf(columns, row, at);
    const key = JSON.stringify(labels);
    if (seen.has(key)) throw duplicate(labels);
    seen.add(key);
    const value = row[at];
    return typeof value === 'number' && Number.isFinite(value) ? [{ labels, value }] : [];
  });
}

function valueColumn(columns: readonly Column[]): number {
  const named = columns.findIndex(({ name }) => name === 'value');
  if (named >= 0) {
    if (columns[named]?.numeric) return named;
    throw new SourceError('notNumeric', `The column "value" is no number (${columns[named]?.type}).`);
  }
  const numeric = columns.filter(column => column.numeric);
  if (numeric.length > 1) {
    const names = numeric.map(({ name }) => name).join(', ');
    throw new SourceError('ambiguousValue', `Several columns are numbers (${names}): name the one to judge "value".`);
  }
  if (numeric.length === 0) {
    const names = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
    throw new SourceError('notNumeric', `No column is a number (${names}): name one "value" that is.`);
  }
  return columns.findIndex(column => column.numeric);
}

function labelsOf(columns: readonly Column[], row: readonly Cell[], at: number): Record<string, string> {
  const named = columns.flatMap(({ name }, index) => (index === at ? [] : [[name, String(row[index] ?? '')]]));
  return Object.fromEntries(named);
}

function duplicate(labels: Record<string, string>): SourceError {
  const text = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const which = text.length === 0 ? 'and none has a label' : `with the same labels (${text.join(', ')})`;
  return new SourceError(
    'duplicateSeries',
    `Several rows ${which}: each row is a series of its own, so labels must differ.`,
  );
}
