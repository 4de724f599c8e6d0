/** Something that happens at a virtual time. */
export interface Happening {
  readonly at: number;
  readonly order: number;
  cancelled: boolean;
  run(): void;
}

/** How many happenings one turn of the real event loop takes; between two of them Node runs every microtask. */
const inOneTurn = 100;

/**
 * The virtual clock: happenings one at a time, in the order of their times. Before the next one every promise that can
 * settle has settled, so that what a simulated process does within one happening is done.
 */
export class Timeline {
  /** Virtual ms since the start. */
  now = 0;
  /** Happenings so far. */
  steps = 0;
  private readonly heap: Happening[] = [];
  private count = 0;

  /** Times in the past count as now. */
  at(time: number, run: () => void): Happening {
    const happening = { at: Math.max(time, this.now), order: this.count, cancelled: false, run };
    this.count += 1;
    this.push(happening);
    return happening;
  }

  in(spanMs: number, run: () => void): Happening {
    return this.at(this.now + spanMs, run);
  }

  /** Lets everything happen up to `until`, or until `stop` says so; rejects with what a happening throws. */
  async run(until: number, stop: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      let ended = false;
      let left = 0;
      const end = (settle: () => void) => {
        ended = true;
        settle();
      };
      const turn = () => {
        left = inOneTurn;
        for (let index = 0; index < inOneTurn; index += 1) setImmediate(step);
      };
      const step = () => {
        left -= 1;
        if (ended) return;
        try {
          if (stop() || !this.step(until)) return end(resolve);
        } catch (error) {
          return end(() => reject(error));
        }
        if (left === 0) turn();
      };
      turn();
    });
    this.now = Math.max(this.now, until);
  }

  private step(until: number): boolean {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > until) return false;
      this.pop();
      if (next.cancelled) continue;
      this.now = next.at;
      this.steps += 1;
      next.run();
      return true;
    }
  }

  private push(happening: Happening): void {
    const { heap } = this;
    let place = heap.length;
    heap.push(happening);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(happening, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = happening;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const isRight = right !== undefined && left !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[place] = child;
      place = 2 * place + (isRight ? 2 : 1);
    }
    heap[place] = last;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
