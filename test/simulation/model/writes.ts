import { dropHolder, hold, place, refuseLocked, refuseTaken, release } from './locks';
import { type Entry, type Table, Transaction } from './table';
import type { Doc } from './types';

/** One document that was committed. */
export interface Committed {
  readonly table: Table;
  readonly entry: Entry;
  readonly before: Doc | null;
  readonly after: Doc | null;
}

/** Stores documents: at once, or as a transaction's own until it commits. */
export class Writes {
  private seq = 0;
  private readonly open = new Set<Transaction>();

  constructor(private readonly committed: (change: Committed) => void) {}

  get transactions(): ReadonlySet<Transaction> {
    return this.open;
  }

  begin(session: string, number: number, openedAt: number, appName: string): Transaction {
    const transaction = new Transaction(session, number, this.seq, openedAt, appName);
    this.open.add(transaction);
    return transaction;
  }

  /** Puts a document (null: takes it away). Throws a duplicate key, a write conflict or MustWait; then nothing happened. */
  put(table: Table, entry: Entry, doc: Doc | null, transaction: Transaction | null): void {
    refuseLocked(entry, transaction);
    const keys = table.unique.map(index => index.keyOf(doc));
    for (const [at, index] of table.unique.entries()) {
      refuseTaken({ table, index, entry, doc, transaction }, keys[at] ?? null);
    }
    if (transaction === null) this.apply(table, entry, doc, ++this.seq);
    else hold(table, entry, doc, transaction);
  }

  commit(transaction: Transaction): void {
    const seq = ++this.seq;
    this.end(transaction, 'committed');
    const written = [...transaction.written].map(([entry, table]) => ({ entry, table, doc: entry.pending }));
    for (const { entry, table } of written) {
      release(entry, table, transaction);
      for (const index of table.unique) dropHolder(index, entry);
    }
    for (const { entry, table, doc } of written) this.apply(table, entry, doc, seq);
  }

  abort(transaction: Transaction): void {
    this.end(transaction, 'aborted');
    for (const [entry, table] of transaction.written) {
      release(entry, table, transaction);
      table.drop(entry);
    }
  }

  private end(transaction: Transaction, state: 'committed' | 'aborted'): void {
    transaction.state = state;
    this.open.delete(transaction);
  }

  private apply(table: Table, entry: Entry, doc: Doc | null, seq: number): void {
    const before = entry.doc;
    if (before === null && doc === null) return;
    if (this.open.size > 0) {
      entry.older.push({ seq: entry.seq, doc: before });
      table.historic.add(entry);
    } else if (table.historic.size > 0) {
      table.forget();
    }
    for (const index of table.unique) dropHolder(index, entry);
    entry.doc = doc;
    entry.seq = seq;
    place(table, entry, before);
    for (const index of table.unique) {
      const key = index.keyOf(doc);
      if (key !== null) index.holders.set(key, entry);
    }
    this.committed({ table, entry, before, after: doc });
  }
}
