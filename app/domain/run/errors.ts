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
