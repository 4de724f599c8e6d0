/** Work beyond this span lets the agent's other work have its turn: renewals, messages, the looks at records. */
const sliceMs = 5;
/** The clock is asked once for so many steps. */
const stepsAtOnce = 32;

/** Cuts long work into slices of a few ms. */
export class Pacer {
  private since = performance.now();
  private steps = 0;

  /** Call after each step of a work; true when it is time for a `pause`. */
  get isLong(): boolean {
    this.steps += 1;
    return this.steps % stepsAtOnce === 0 && performance.now() - this.since > sliceMs;
  }

  /** Work begins, after nothing was done for a while. */
  begin(): void {
    this.since = performance.now();
  }

  async pause(): Promise<void> {
    await new Promise<void>(resolve => setImmediate(resolve));
    this.begin();
  }
}
