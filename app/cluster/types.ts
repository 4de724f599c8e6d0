/** MongoDB's time, estimated as the offset at the last renewal + monotonic time since. */
export interface Clock {
  now(): Date;
}

/** What every effect asks directly before it happens. */
export interface Lease {
  /** `hostId:pid:bootId`; changes when the process had to register anew. */
  readonly memberId: string;
  readonly hostId: string;
  /** Its clock is too wrong: it may neither claim nor send, and gives up what it holds. */
  readonly suspended: boolean;
  /** Its host is drained, or it is about to end: it takes nothing new, and what it holds goes on. */
  readonly draining: boolean;
  /** Not past its own deadline by either clock, registered, not suspended. */
  readonly valid: boolean;
  /** Aborted when the lease is lost; a new signal stands here once it is regained. */
  readonly signal: AbortSignal;
  /** Ms until the own deadline by the more careful clock; 0 or less when lost. */
  remainingMs(): number;
}
