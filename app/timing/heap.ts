/** What stands in a heap: its time, and its place, which is the heap's own. */
export interface HeapEntry {
  readonly at: number;
  /** Index in the heap; −1 while it stands in none. */
  position: number;
}

/** Binary heap of entries by time. Each entry knows its place, so that it can be taken out: nothing stale stays behind. */
export class Heap<T extends HeapEntry> {
  private readonly entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  peek(): T | undefined {
    return this.entries[0];
  }

  /** The entry must stand in no heap. */
  add(entry: T): void {
    this.entries.push(entry);
    this.up(entry, this.entries.length - 1);
  }

  /** False when the entry does not stand here. */
  delete(entry: T): boolean {
    const { position } = entry;
    if (position < 0 || this.entries[position] !== entry) return false;
    entry.position = -1;
    const last = this.entries.pop();
    if (last !== undefined && last !== entry) this.down(last, this.up(last, position));
    return true;
  }

  pop(): T | undefined {
    const top = this.entries[0];
    if (top !== undefined) this.delete(top);
    return top;
  }

  /** In no order. */
  values(): readonly T[] {
    return this.entries;
  }

  private up(entry: T, from: number): number {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = this.entries[above];
      if (parent === undefined || parent.at <= entry.at) break;
      this.place(parent, position);
      position = above;
    }
    this.place(entry, position);
    return position;
  }

  private down(entry: T, from: number): void {
    let position = from;
    for (;;) {
      const below = this.smallerChild(position);
      const child = this.entries[below];
      if (child === undefined || child.at >= entry.at) break;
      this.place(child, position);
      position = below;
    }
    this.place(entry, position);
  }

  private place(entry: T, position: number): void {
    this.entries[position] = entry;
    entry.position = position;
  }

  private smallerChild(position: number): number {
    const left = 2 * position + 1;
    const leftAt = this.entries[left]?.at ?? Number.POSITIVE_INFINITY;
    const rightAt = this.entries[left + 1]?.at ?? Number.POSITIVE_INFINITY;
    return rightAt < leftAt ? left + 1 : left;
  }
}
