import { compileFilter } from './query';
import { commandError } from './real';
import { type Sort, sorted } from './sort';
import type { Entry, Table, Transaction } from './table';
import type { Doc } from './types';
import type { Writes } from './writes';

export interface Query {
  filter: Doc;
  sort?: Sort;
  skip?: number;
  limit?: number;
  projection?: Doc;
  hint?: string;
}

/** What a command works on. */
export interface Session {
  readonly table: Table;
  readonly writes: Writes;
  readonly transaction: Transaction | null;
  readonly now: Date;
}

/** Entries whose document matches, as the reader sees them. Taken before anything changes. */
export function matching({ table, transaction, now }: Session, filter: Doc): Entry[] {
  const matches = compileFilter(filter, now);
  const found: Entry[] = [];
  for (const entry of table.candidates(filter, transaction)) {
    const document = entry.seenBy(transaction);
    if (document !== null && matches(document)) found.push(entry);
  }
  return found;
}

export function documents({ table, transaction, now }: Session, filter: Doc, most = Number.POSITIVE_INFINITY): Doc[] {
  const matches = compileFilter(filter, now);
  const found: Doc[] = [];
  for (const entry of table.candidates(filter, transaction)) {
    if (found.length >= most) break;
    const document = entry.seenBy(transaction);
    if (document !== null && matches(document)) found.push(document);
  }
  return found;
}

export function first(session: Session, { filter, sort }: { filter: Doc; sort?: Sort }): Entry | null {
  const found = matching(session, filter);
  if (sort === undefined || found.length < 2) return found[0] ?? null;
  const byDocument = new Map(found.map(entry => [entry.seenBy(session.transaction) ?? {}, entry]));
  const [best] = sorted([...byDocument.keys()], sort);
  return (best && byDocument.get(best)) ?? null;
}

/** The order in which the documents were made: as they stand. */
export function isNatural(sort: Sort): boolean {
  return sort['$natural'] === 1 && Object.keys(sort).length === 1;
}

export function endOf({ skip = 0, limit = 0 }: Query): number | undefined {
  return limit === 0 ? undefined : skip + limit;
}

export function refuseHint(table: Table, hint: string | undefined): void {
  if (hint === undefined || table.indexes.has(hint)) return;
  const errmsg = `planner returned error :: caused by :: hint provided does not correspond to an existing index`;
  throw commandError({ code: 2, codeName: 'BadValue', errmsg });
}
