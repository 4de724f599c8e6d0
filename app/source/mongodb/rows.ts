import { BSON, type Document } from 'mongodb';
import type { SeriesPoint } from '../../domain/message/types';
import { type Cell, type Column, toSeries } from '../../domain/series';

/**
 * Documents as rows. The fields of an `_id` that is a document stand beside the others, `_id: null` is left out and `_id`
 * is never the value: $group makes labels of it. A field that a document lacks is NULL. Throws SourceError as toSeries does.
 */
export function seriesOf(documents: readonly Document[]): SeriesPoint[] {
  const rows = documents.map(flatten);
  const names = [...new Set(rows.flatMap(row => [...row.keys()]))];
  const columns = names.map(name => columnOf(name, rows));
  return toSeries(
    columns,
    rows.map(row => columns.map(({ name, numeric }) => cellOf(row.get(name), numeric))),
  );
}

function flatten(document: Document): Map<string, unknown> {
  const { _id, ...rest } = document;
  if (_id === undefined || _id === null) return new Map(Object.entries(rest));
  const fields: [string, unknown][] = isPlain(_id) ? Object.entries(_id) : [['_id', _id]];
  return new Map([...fields, ...Object.entries(rest)]);
}

function columnOf(name: string, rows: readonly Map<string, unknown>[]): Column {
  const given = rows.map(row => row.get(name)).filter(value => value !== undefined && value !== null);
  const other = given.find(value => numberOf(value) === null);
  return { name, numeric: name !== '_id' && other === undefined, type: typeOf(other ?? given[0]) };
}

function cellOf(value: unknown, numeric: boolean): Cell {
  if (value === undefined || value === null) return null;
  if (numeric) return numberOf(value);
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof BSON.ObjectId) return value.toHexString();
  return String(numberOf(value) ?? BSON.EJSON.stringify(value));
}

/** Long only where it is too large for a number; Decimal128 as near as a number comes. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const boxed =
    value instanceof BSON.Long ||
    value instanceof BSON.Decimal128 ||
    value instanceof BSON.Int32 ||
    value instanceof BSON.Double;
  return boxed ? Number(value.toString()) : null;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function typeOf(value: unknown): string {
  if (value === undefined) return 'null';
  return typeof value === 'object' && value !== null ? value.constructor.name : typeof value;
}
