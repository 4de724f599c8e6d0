import { Heap, type HeapEntry } from './heap';

/** What can stand in a bucket: the links are the bucket's own. One entry stands in at most one. */
export interface Bucketed<T> {
  bucket: Bucket<T> | null;
  before: T | null;
  after: T | null;
}

export interface Bucket<T> extends HeapEntry {
  first: T | null;
  last: T | null;
}

/**
 * Entries by their instant: a heap of the distinct instants, and a linked list for each. Thousands of jobs share an
 * instant as a rule, so one is taken, added or deleted in constant time; the links cost no object of their own.
 */
export class Buckets<T extends Bucketed<T>> {
  private readonly instants = new Heap<Bucket<T>>();
  private readonly byInstant = new Map<number, Bucket<T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The earliest instant; infinite when nothing is here. */
  get firstAt(): number {
    return this.instants.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Puts an entry that stands in no bucket behind the others of its instant. */
  add(entry: T, at: number): void {
    const bucket = this.byInstant.get(at) ?? this.open(at);
    entry.bucket = bucket;
    entry.before = bucket.last;
    if (bucket.last === null) bucket.first = entry;
    else bucket.last.after = entry;
    bucket.last = entry;
    this.count += 1;
  }

  /** False when the entry stands in no bucket. */
  delete(entry: T): boolean {
    const { bucket, before, after } = entry;
    if (bucket === null) return false;
    if (before === null) bucket.first = after;
    else before.after = after;
    if (after === null) bucket.last = before;
    else after.before = before;
    entry.bucket = null;
    entry.before = null;
    entry.after = null;
    this.count -= 1;
    if (bucket.first === null) this.close(bucket);
    return true;
  }

  /** Takes the first entry whose instant is not later than `until`. */
  take(until: number): T | null {
    const bucket = this.instants.peek();
    if (bucket === undefined || bucket.at > until || bucket.first === null) return null;
    const { first } = bucket;
    this.delete(first);
    return first;
  }

  private open(at: number): Bucket<T> {
    const bucket: Bucket<T> = { at, position: -1, first: null, last: null };
    this.byInstant.set(at, bucket);
    this.instants.add(bucket);
    return bucket;
  }

  private close(bucket: Bucket<T>): void {
    this.byInstant.delete(bucket.at);
    this.instants.delete(bucket);
  }
}
