/** An alert was written by another evaluation after it was read. Nothing was applied: read the alerts again and evaluate anew. */
export class AlertConflictError extends Error {
  override readonly name = 'AlertConflictError';
  readonly code = 'alertConflict';

  constructor(runId: string, options?: { cause?: unknown }) {
    super(
      `Alerts of run ${runId} were changed by another evaluation since they were read; evaluate it again.`,
      options,
    );
  }
}
