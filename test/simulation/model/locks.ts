import { commandError } from './real';
import type { Entry, Table, Transaction, UniqueIndex } from './table';
import { Blocked, type Doc } from './types';

/** A write has to wait for the end of a transaction; nothing of it has happened. */
export class MustWait extends Error {
  readonly blocked: Blocked;

  constructor(holder: Transaction) {
    super('waits for the end of a transaction');
    this.blocked = new Blocked(() => holder.state !== 'open');
  }
}

export interface Placing {
  readonly table: Table;
  readonly index: UniqueIndex;
  readonly entry: Entry;
  readonly doc: Doc | null;
  readonly transaction: Transaction | null;
}

function writeConflict(): Error {
  return commandError({
    code: 112,
    codeName: 'WriteConflict',
    errmsg: 'WriteConflict error: this operation conflicted with another operation. Please retry.',
    errorLabels: ['TransientTransactionError'],
  });
}

/** What MongoDB says where a unique key is taken. */
function duplicateKey(table: Table, index: string, keyValue: Doc): Error {
  const [field = '_id'] = Object.keys(keyValue);
  return commandError({
    code: 11000,
    codeName: 'DuplicateKey',
    errmsg: `E11000 duplicate key error collection: ${table.name} index: ${index} dup key: { ${field}: ${JSON.stringify(keyValue[field])} }`,
    keyPattern: { [field]: 1 },
    keyValue,
  });
}

/** A document that another open transaction has written, or that was committed since the own snapshot. */
export function refuseLocked(entry: Entry, transaction: Transaction | null): void {
  if (entry.lock === transaction && transaction !== null) return;
  if (entry.lock !== null) throw otherHolds(entry.lock, transaction);
  if (transaction !== null && entry.seq > transaction.snapshot) throw writeConflict();
}

function otherHolds(other: Transaction, transaction: Transaction | null): Error {
  return transaction === null ? new MustWait(other) : writeConflict();
}

/** A new document under an _id that stands already. */
export function refuseExisting(table: Table, entry: Entry, transaction: Transaction | null): void {
  if (entry.seenBy(transaction) !== null) throw duplicateKey(table, '_id_', { _id: entry.id });
}

/** A key of a unique index that another document has, or that another open transaction has written. */
export function refuseTaken(placing: Placing, key: string | null): void {
  const { table, index, entry, doc, transaction } = placing;
  if (key === null || doc === null || index.keyOf(entry.seenBy(transaction)) === key) return;
  const writer = index.pending.get(key);
  if (writer !== undefined && writer !== transaction) throw otherHolds(writer, transaction);
  const holder = index.holders.get(key);
  const seen = writer !== undefined || isSeen(placing, key, holder);
  if (seen) throw duplicateKey(table, index.spec.name, index.valueIn(doc));
  // It came after the own snapshot.
  if (holder !== undefined && holder.lock !== transaction) throw writeConflict();
}

function isSeen({ table, index, entry, transaction }: Placing, key: string, holder: Entry | undefined): boolean {
  if (transaction === null) return holder !== undefined && holder !== entry;
  if (holder !== undefined && holder !== entry && index.keyOf(holder.seenBy(transaction)) === key) return true;
  return [...table.historic].some(one => one !== entry && index.keyOf(one.seenBy(transaction)) === key);
}

/** Makes the document the transaction's own. */
export function hold(table: Table, entry: Entry, doc: Doc | null, transaction: Transaction): void {
  if (entry.lock === transaction) dropPending(table, entry, transaction);
  entry.lock = transaction;
  entry.pending = doc;
  transaction.written.set(entry, table);
  for (const index of table.unique) {
    const key = index.keyOf(doc);
    if (key !== null && key !== index.keyOf(entry.doc)) index.pending.set(key, transaction);
  }
}

export function release(entry: Entry, table: Table, transaction: Transaction): void {
  dropPending(table, entry, transaction);
  entry.lock = null;
  entry.pending = null;
}

function dropPending(table: Table, entry: Entry, transaction: Transaction): void {
  for (const index of table.unique) {
    const key = index.keyOf(entry.pending);
    if (key !== null && key !== index.keyOf(entry.doc) && index.pending.get(key) === transaction)
      index.pending.delete(key);
  }
}

export function dropHolder(index: UniqueIndex, entry: Entry): void {
  const key = index.keyOf(entry.doc);
  if (key !== null && index.holders.get(key) === entry) index.holders.delete(key);
}

/** A new document stands behind all others; one that is gone stands nowhere, unless a snapshot may see it. */
export function place(table: Table, entry: Entry, before: Doc | null): void {
  if (entry.doc !== null && before !== null) return;
  if (entry.doc !== null || entry.older.length === 0) table.entries.delete(entry.key);
  if (entry.doc !== null) table.entries.set(entry.key, entry);
}
