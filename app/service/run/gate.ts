/** Lets at most `limit` works of one name in at a time; the others wait in order until they are aborted. */
export class Gate {
  /** How many wait now, over all names. */
  waiting = 0;

  private readonly gates = new Map<string, { inside: number; waiting: Array<() => void> }>();

  /** Runs work inside the gate of this name. Throws the signal's reason when aborted while waiting. */
  async through<T>(name: string, limit: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const gate = this.gates.get(name) ?? { inside: 0, waiting: [] };
    this.gates.set(name, gate);
    if (gate.inside < limit) gate.inside += 1;
    else await this.queue(gate.waiting, signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.leave(name, gate);
    }
  }

  /** A place is handed from who leaves to who waits longest, so `inside` does not change then. */
  private leave(name: string, gate: { inside: number; waiting: Array<() => void> }): void {
    const next = gate.waiting.shift();
    if (next !== undefined) next();
    else gate.inside -= 1;
    if (gate.inside === 0) this.gates.delete(name);
  }

  private async queue(waiting: Array<() => void>, signal: AbortSignal): Promise<void> {
    this.waiting += 1;
    try {
      await this.turn(waiting, signal);
    } finally {
      this.waiting -= 1;
    }
  }

  private turn(waiting: Array<() => void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        const index = waiting.indexOf(enter);
        if (index >= 0) waiting.splice(index, 1);
        reject(signal.reason);
      };
      if (signal.aborted) return leave();
      waiting.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
