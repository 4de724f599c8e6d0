import { z } from 'zod';
import type { Plan } from './plan';

/** One call of a run, as the witness wrote it down: the time is the witness's own. */
export const eventSchema = z.object({
  occurrence: z.string(),
  fence: z.int(),
  member: z.string(),
  phase: z.enum(['start', 'end']),
  /** Ms since the epoch. */
  at: z.number(),
});

export type WitnessEvent = z.infer<typeof eventSchema>;

const time = z.iso.datetime().transform(text => Date.parse(text));

/** What GET /runs tells of an occurrence; only what is compared is read. */
export const recordSchema = z.object({
  id: z.string(),
  job: z.string(),
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'timedOut', 'cancelled', 'lost', 'skipped']),
  reason: z.string().nullable(),
  fence: z.int(),
  finishedAt: time.nullable(),
  /** Only on a record that stands for many skips in a row. */
  from: time.optional(),
  to: time.optional(),
});

export type RunRecord = z.infer<typeof recordSchema>;

/** When a fault began and ended, in ms since the epoch; `at` is null where nobody knows. */
export interface FaultSpan {
  at: number | null;
  endAt: number;
}

/** Everything that a verdict is made from. */
export interface Evidence {
  plan: Plan;
  events: readonly WitnessEvent[];
  records: readonly RunRecord[];
  fault: FaultSpan;
}

/** What one round showed. Counts are occurrences. */
export interface Verdict {
  due: number;
  /** Started under exactly one fence. */
  once: number;
  /** Started again under a higher fence, the first not having ended: what a take-over does. */
  again: number;
  /** Not run, with a reason that the job's definition gives. */
  skipped: Record<string, number>;
  /** No start, and no reasoned skip. */
  missed: number;
  /** Starts of one (occurrence, fence) beyond the first, and starts under a lower fence after one under a higher. */
  twice: number;
  /** Started again although the first had ended. */
  repeated: number;
  /** Of those and of all others that started again: of jobs that promise at most once. */
  repeatedOfClose: number;
  /** Repeated outside of the fault's window, or unknown to GET /runs. */
  unexplained: number;
  /** Closed as lost. */
  lost: number;
  failed: number;
  /** Records that had not ended, and lost runs that nobody ran again. */
  unfinished: number;
  /** From the fault (or the start that was lost, where that was later) to the next start or the end as lost. */
  takenOverMs: number[];
  latenessP99Ms: number;
  latenessAfterP99Ms: number;
  /** From the fault's end until p99 stayed under a second; null where that was not seen. */
  recoveredMs: number | null;
  /** What GET /runs says otherwise than the witness. */
  disagreements: string[];
  /** Ids of what was wrong, by name of the count. */
  examples: Record<string, string[]>;
}
