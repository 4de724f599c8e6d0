/** Binary heap of entries by time with one entry a key: an update moves the entry, nothing stale stays behind. */
export class Heap<T> {
  private readonly entries: { key: string; at: number; value: T }[] = [];
  private readonly positions = new Map<string, number>();

  get size(): number {
    return this.entries.length;
  }

  peek(): { key: string; at: number; value: T } | undefined {
    return this.entries[0];
  }

  has(key: string): boolean {
    return this.positions.has(key);
  }

  get(key: string): T | undefined {
    const position = this.positions.get(key);
    return position === undefined ? undefined : this.entries[position]?.value;
  }

  /** Inserts, or moves what stands under this key. */
  set(key: string, at: number, value: T): void {
    const position = this.positions.get(key);
    const entry = { key, at, value };
    if (position === undefined) {
      this.entries.push(entry);
      this.positions.set(key, this.entries.length - 1);
      this.up(this.entries.length - 1);
      return;
    }
    this.place(entry, position);
    this.down(this.up(position));
  }

  delete(key: string): boolean {
    const position = this.positions.get(key);
    if (position === undefined) return false;
    this.positions.delete(key);
    const last = this.entries.pop();
    if (last !== undefined && last.key !== key) {
      this.place(last, position);
      this.down(this.up(position));
    }
    return true;
  }

  pop(): { key: string; at: number; value: T } | undefined {
    const top = this.entries[0];
    if (top !== undefined) this.delete(top.key);
    return top;
  }

  private place(entry: { key: string; at: number; value: T }, position: number): void {
    this.entries[position] = entry;
    this.positions.set(entry.key, position);
  }

  private up(from: number): number {
    const entry = this.entries[from];
    if (entry === undefined) return from;
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

  private down(from: number): void {
    const entry = this.entries[from];
    if (entry === undefined) return;
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

  private smallerChild(position: number): number {
    const left = 2 * position + 1;
    const leftAt = this.entries[left]?.at ?? Number.POSITIVE_INFINITY;
    const rightAt = this.entries[left + 1]?.at ?? Number.POSITIVE_INFINITY;
    return rightAt < leftAt ? left + 1 : left;
  }
}
