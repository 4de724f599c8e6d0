import type { Surroundings } from './process';

/** What joins a machine to MongoDB: it can be cut, by several faults at a time. */
export class Wire {
  private cuts = 0;
  private cutSince = 0;
  /** What waits for the last cut to end. */
  private kept: (() => void)[] = [];

  constructor(private readonly world: Surroundings) {}

  /** Nothing passes any more. */
  cut(): void {
    if (this.cuts === 0) this.cutSince = this.world.timeline.now;
    this.cuts += 1;
  }

  /** What was sent meanwhile is sent again by TCP, the later the longer it has lasted. */
  mend(): void {
    this.cuts -= 1;
    if (this.cuts > 0) return;
    const { timeline, random } = this.world;
    const latestMs = (timeline.now - this.cutSince) / 2;
    const { kept } = this;
    this.kept = [];
    for (const go of kept) timeline.in(random.between(0, latestMs), () => this.after(go));
  }

  /** At once, or when nothing is cut any more. */
  after(go: () => void): void {
    if (this.cuts > 0) this.kept.push(go);
    else go();
  }

  /** What the machine's kernel had not got through goes with it. */
  forget(): void {
    this.kept = [];
  }
}
