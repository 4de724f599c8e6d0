/** One line of what happened. */
export interface Step {
  atMs: number;
  /** `host/role#incarnation`, `mongod`, `remote`, `user`, `weather`. */
  who: string;
  /** What kind of happening. */
  what: string;
  detail: string;
}

/** Everything that happened, as one number; the lines only go to whoever listens. */
export class Trace {
  private hash = 0x811c9dc5;
  private count = 0;

  constructor(
    private readonly now: () => number,
    private readonly listener: ((step: Step) => void) | null,
  ) {}

  /** Equal for two runs in which the same happened at the same times. */
  get digest(): string {
    return `${this.count}-${(this.hash >>> 0).toString(16).padStart(8, '0')}`;
  }

  /** `more` is only for readers: it costs nothing where nobody listens. */
  add(who: string, what: string, detail = '', more?: () => string): void {
    const atMs = this.now();
    this.count += 1;
    this.mix(`${atMs}`);
    this.mix(who);
    this.mix(what);
    this.mix(detail);
    if (this.listener === null) return;
    this.listener({ atMs, who, what, detail: more === undefined ? detail : `${detail} ${more()}` });
  }

  /** FNV-1a. */
  private mix(text: string): void {
    let { hash } = this;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
    this.hash = Math.imul(hash ^ 0x1f, 0x01000193);
  }
}
