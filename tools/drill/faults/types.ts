import type { Random } from '../random';
import type { Stage, StageKind } from '../stage';

/** What a fault may use. */
export interface FaultTools {
  stage: Stage;
  random: Random;
  /** Rejects when the drill is ended. */
  pause(ms: number): Promise<void>;
}

export interface Injected {
  /** When it began and ended, in ms since the epoch; the same for what is done in an instant. */
  at: number;
  endAt: number;
  /** Whom it hit, for the person. */
  whom: string;
}

/** One way to break a cluster. One file in this folder and one line in index.ts add one. */
export interface Fault {
  readonly name: string;
  /** What is done, as a sentence's part for the person. */
  readonly what: string;
  readonly stage: StageKind;
  /** From its beginning to its end at most, in ms: so long the load must go on. */
  readonly lastsMs: number;
  /** MongoDB answers nobody for so long, and nobody can take anything over meanwhile: added to the limit of a take-over. */
  readonly mongodbAwayMs?: number;
  /** Why it cannot be done on this machine; null where it can. */
  missing?(): string | null;
  /** Does it and undoes it. */
  inject(tools: FaultTools): Promise<Injected>;
}
