/** The run is no longer ours: taken over (higher fence), finished or deleted. Nothing was applied; stop working on it. */
export class FenceLostError extends Error {
  override readonly name = 'FenceLostError';
  readonly code = 'fenceLost';

  constructor(
    readonly runId: string,
    readonly fence: number,
  ) {
    super(`Run ${runId} is not running under fence ${fence} any more; its result is dropped.`);
  }
}

/** Why the work of a cancelled run is aborted. */
export class RunCancelledError extends Error {
  override readonly name = 'RunCancelledError';
  readonly code = 'cancelled';

  constructor(
    readonly by: string,
    /** The work may take this long to end what it has begun; then the run is closed without it. */
    readonly graceMs: number,
  ) {
    super(`The run was cancelled by ${by}.`);
  }
}
