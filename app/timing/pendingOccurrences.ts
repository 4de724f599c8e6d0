import type { RunHint } from '../ipc/messages';
import { Heap } from './heap';

export interface PendingOccurrence {
  key: string;
  hint: RunHint;
  graceMs: number;
}

/** Announced again only up to this many: beyond it the oldest wait for the next look at their records. */
const maxLook = 5000;

/**
 * Occurrences that are due and not known to have a record: each is looked at again at its time, and announced when no
 * member has recorded it.
 */
export class PendingOccurrences {
  private readonly heap = new Heap<PendingOccurrence>();
  private readonly byJob = new Map<string, Set<string>>();

  get size(): number {
    return this.heap.size;
  }

  get nextAt(): number | undefined {
    return this.heap.peek()?.at;
  }

  add(occurrence: PendingOccurrence, lookAt: number): void {
    this.heap.set(occurrence.key, lookAt, occurrence);
    const keys = this.byJob.get(occurrence.hint.job) ?? new Set();
    this.byJob.set(occurrence.hint.job, keys.add(occurrence.key));
  }

  /** Removes and answers those whose time has come. */
  takeDue(now: number): PendingOccurrence[] {
    const due: PendingOccurrence[] = [];
    for (
      let top = this.heap.peek();
      top !== undefined && top.at <= now && due.length < maxLook;
      top = this.heap.peek()
    ) {
      due.push(top.value);
      this.remove(top.value);
    }
    return due;
  }

  /** Drops what is pending of a job: its schedule changed or it is not to run any more. */
  dropJob(job: string): void {
    for (const key of this.byJob.get(job) ?? []) this.heap.delete(key);
    this.byJob.delete(job);
  }

  private remove(occurrence: PendingOccurrence): void {
    this.heap.delete(occurrence.key);
    const keys = this.byJob.get(occurrence.hint.job);
    keys?.delete(occurrence.key);
    if (keys?.size === 0) this.byJob.delete(occurrence.hint.job);
  }
}
