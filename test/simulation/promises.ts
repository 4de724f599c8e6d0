/** A job that was paused or deleted, and from when on nobody may claim it. */
export interface Stopped {
  at: number;
  what: string;
}

/** What Watchbell has promised to its users by an answer, until they ask for something else. */
export class Promises {
  private readonly stopped = new Map<string, Stopped>();
  private readonly closed = new Map<string, { at: number; endsAt: number | null }>();

  /** A pause or a deletion was answered. */
  stop(job: string, at: number, what: string): void {
    this.stopped.set(job, { at, what });
  }

  /** Somebody asks for something by which it may run again. */
  maybeRuns(job: string): void {
    this.stopped.delete(job);
  }

  /** A close was answered. */
  close(job: string, at: number, endsAt: number | null): void {
    this.closed.set(job, { at, endsAt });
  }

  /** Somebody asks for something by which its messages may be sent again. */
  maybeOpen(job: string): void {
    this.closed.delete(job);
  }

  stoppedSince(job: string): Stopped | null {
    return this.stopped.get(job) ?? null;
  }

  /** Since when, in virtual ms, no message of the job may be claimed and sent; null where one may. */
  closedSince(job: string, databaseNow: number): number | null {
    const found = this.closed.get(job);
    if (found === undefined || (found.endsAt !== null && found.endsAt <= databaseNow)) return null;
    return found.at;
  }
}
