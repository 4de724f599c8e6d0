/** Random numbers of one seed (sfc32): the same seed gives the same numbers on every machine. */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  constructor(seed: number) {
    this.a = seed | 0;
    this.b = (seed / 2 ** 32) | 0;
    this.c = 0x9e3779b9 | 0;
    for (let turn = 0; turn < 12; turn += 1) this.next();
  }

  /** In [0, 1). */
  next(): number {
    const { a, b, c } = this;
    const sum = (((a + b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.int(from.length)];
    if (found === undefined) throw new Error('There is nothing to pick from.');
    return found;
  }

  /** Most are near `usual`, a few many times as long: how long things take on networks and disks. */
  span(usual: number): number {
    const share = this.next();
    if (share < 0.9) return usual * (0.5 + this.next());
    return usual * (share < 0.985 ? this.between(1.5, 6) : this.between(6, 60));
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.int(256));
  }

  /** Another row of numbers that does not depend on how many are drawn from this one. */
  fork(): Random {
    return new Random(this.int(2 ** 31) * 2 ** 20 + this.int(2 ** 20));
  }
}
