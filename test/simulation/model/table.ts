import { compileFilter, type Matches } from './query';
import { type Doc, UnsupportedError } from './types';
import { isDoc, keyOf } from './values';

/** What stood here until `until` was committed over it. */
interface Version {
  readonly seq: number;
  readonly doc: Doc | null;
}

/** One _id: what is committed, what stood there before (while a snapshot may look), what an open transaction wrote. */
export class Entry {
  doc: Doc | null = null;
  seq = 0;
  older: Version[] = [];
  lock: Transaction | null = null;
  pending: Doc | null = null;

  constructor(
    readonly id: unknown,
    readonly key: string,
  ) {}

  /** The document that a reader sees: the newest, or what the transaction wrote or began with. */
  seenBy(transaction: Transaction | null): Doc | null {
    if (transaction === null) return this.doc;
    if (this.lock === transaction) return this.pending;
    if (this.seq <= transaction.snapshot) return this.doc;
    return this.older.findLast(version => version.seq <= transaction.snapshot)?.doc ?? null;
  }
}

/** An open transaction: what it sees is what was committed when it began, and what it wrote itself. */
export class Transaction {
  state: 'open' | 'committed' | 'aborted' = 'open';
  readonly written = new Map<Entry, Table>();

  constructor(
    readonly session: string,
    readonly number: number,
    readonly snapshot: number,
    readonly openedAt: number,
    readonly appName: string,
  ) {}
}

export interface IndexSpec {
  readonly name: string;
  readonly fields: readonly (readonly [string, 1 | -1])[];
  readonly unique: boolean;
  readonly filter: Doc | null;
}

/** A unique index: which committed document has each key, and which open transactions wrote one. */
export class UniqueIndex {
  readonly holders = new Map<string, Entry>();
  readonly pending = new Map<string, Transaction>();
  private readonly covers: Matches;
  private readonly field: string;

  constructor(readonly spec: IndexSpec) {
    const [first, second] = spec.fields;
    if (first === undefined || second !== undefined || first[0].includes('.')) {
      throw new UnsupportedError('a unique index over anything but one field');
    }
    this.field = first[0];
    this.covers = compileFilter(spec.filter ?? {}, new Date(0));
  }

  /** null where the index leaves the document out. */
  keyOf(doc: Doc | null): string | null {
    return doc !== null && this.covers(doc) ? keyOf(doc[this.field]) : null;
  }

  valueIn(doc: Doc): Doc {
    return { [this.field]: doc[this.field] ?? null };
  }

  /** The entry that a filter can match only, by this index; undefined where it does not say. */
  only(filter: Doc): Entry | null | undefined {
    const value = filter[this.field];
    if (typeof value !== 'string') return undefined;
    const covered = this.spec.filter === null || this.impliedBy(filter);
    return covered ? (this.holders.get(value) ?? null) : undefined;
  }

  /** Whether each document that matches the filter is in the index: said of `$exists` and of equal values only. */
  private impliedBy(filter: Doc): boolean {
    return Object.entries(this.spec.filter ?? {}).every(([name, condition]) => {
      const given = filter[name];
      if (isDoc(condition)) return condition['$exists'] === true && typeof given === 'string';
      return given === condition;
    });
  }
}

/** One collection: entries in the order of their making. */
export class Table {
  readonly entries = new Map<string, Entry>();
  readonly indexes = new Map<string, IndexSpec>();
  unique: UniqueIndex[] = [];
  /** Entries with older versions. */
  readonly historic = new Set<Entry>();
  /** A change stream was opened on it: its events are kept. */
  watched = false;

  constructor(readonly name: string) {
    this.indexes.set('_id_', { name: '_id_', fields: [['_id', 1]], unique: true, filter: null });
  }

  entryOf(id: unknown): Entry {
    const key = keyOf(id);
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const entry = new Entry(id, key);
    this.entries.set(key, entry);
    return entry;
  }

  /** Takes away an entry in which nothing stands. */
  drop(entry: Entry): void {
    if (entry.doc === null && entry.lock === null && entry.older.length === 0) this.entries.delete(entry.key);
  }

  /** Entries that the filter can match, by _id or by a unique index where those say it; else all. */
  candidates(filter: Doc, transaction: Transaction | null): Iterable<Entry> {
    const id = filter['_id'];
    if (typeof id === 'string') return this.having([id]);
    if (isDoc(id) && Array.isArray(id['$in'])) {
      const ids: unknown[] = id['$in'];
      if (ids.every(one => typeof one === 'string')) return this.having([...new Set(ids)]);
    }
    if (transaction === null) {
      for (const index of this.unique) {
        const only = index.only(filter);
        if (only !== undefined) return only === null ? [] : [only];
      }
    }
    return this.entries.values();
  }

  private having(ids: readonly string[]): Entry[] {
    return ids.flatMap(id => this.entries.get(id) ?? []);
  }

  /** No snapshot looks any more: what it would have seen goes. */
  forget(): void {
    for (const entry of this.historic) {
      entry.older = [];
      this.drop(entry);
    }
    this.historic.clear();
  }
}
