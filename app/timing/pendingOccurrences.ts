import { Heap, type HeapEntry } from './heap';
import type { PlannedJob, PlannedOccurrence } from './plan';

/** What is to be looked at about the same time, side by side: an object for each occurrence would cost more than it. */
interface Batch extends HeapEntry {
  plans: PlannedJob[];
  times: number[];
}

/** Looks are moved to the next multiple of this span, so that occurrences of one moment stand in one batch. */
const roundMs = 50;

/** Occurrences that are due and not known to have a record, by the time at which they are to be looked at again. */
export class PendingOccurrences {
  private readonly heap = new Heap<Batch>();
  private readonly byTime = new Map<number, Batch>();
  /** Taken by nobody's `done` yet. */
  private taken: PlannedOccurrence[] = [];

  /** When the next are to be looked at; infinite when there are none. */
  get nextAt(): number {
    return this.heap.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  add(plan: PlannedJob, at: number, lookAt: number): void {
    const time = Math.ceil(lookAt / roundMs) * roundMs;
    const batch = this.byTime.get(time) ?? this.open(time);
    batch.plans.push(plan);
    batch.times.push(at);
  }

  /** Takes at most `limit` of those whose time has come, those that came first. They count as pending until `done`. */
  take(now: number, limit: number): PlannedOccurrence[] {
    const batch = this.heap.peek();
    if (batch === undefined || batch.at > now) return [];
    const times = batch.times.splice(0, limit);
    this.taken = batch.plans.splice(0, limit).map((plan, index) => ({ plan, at: times[index] ?? 0 }));
    if (batch.plans.length === 0) {
      this.heap.delete(batch);
      this.byTime.delete(batch.at);
    }
    return this.taken;
  }

  done(): void {
    this.taken = [];
  }

  /** The earliest due time of all that is pending; infinite when nothing is. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { at } of this.taken) oldest = Math.min(oldest, at);
    for (const { times } of this.heap.values()) for (const at of times) oldest = Math.min(oldest, at);
    return oldest;
  }

  private open(at: number): Batch {
    const batch: Batch = { at, position: -1, plans: [], times: [] };
    this.byTime.set(at, batch);
    this.heap.add(batch);
    return batch;
  }
}
