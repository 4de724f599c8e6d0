/** Lets at most `limit` readers of one source in at a time; the others wait in order until they are aborted. */
export class SourceGate {
  private readonly gates = new Map<string, { inside: number; waiting: Array<() => void> }>();

  /** Runs work inside the gate of this source. Throws the signal's reason when aborted while waiting. */
  async through<T>(source: string, limit: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const gate = this.gates.get(source) ?? { inside: 0, waiting: [] };
    this.gates.set(source, gate);
    if (gate.inside >= limit) await this.wait(gate.waiting, signal);
    else gate.inside += 1;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.leave(source, gate);
    }
  }

  /** A place is handed from who leaves to who waits longest, so `inside` does not change then. */
  private leave(source: string, gate: { inside: number; waiting: Array<() => void> }): void {
    const next = gate.waiting.shift();
    if (next !== undefined) next();
    else gate.inside -= 1;
    if (gate.inside === 0) this.gates.delete(source);
  }

  private wait(waiting: Array<() => void>, signal: AbortSignal): Promise<void> {
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
