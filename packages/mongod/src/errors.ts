/** One way of the resolver that led to no binary; the message is a sentence for the person. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';

  constructor(
    message: string,
    /** Nothing was set or there yet: normal, and not worth a line while another way may lead to a binary. */
    readonly usual = false,
  ) {
    super(message);
  }
}

/** A failed step with the reason why. */
export interface Attempt {
  step: string;
  reason: string;
}

/** No way led to a mongod; the message lists each with its reason, and the ways out. */
export class MongodNotFound extends Error {
  override readonly name = 'MongodNotFound';

  constructor(readonly attempts: readonly Attempt[]) {
    super(
      [
        'No mongod (6.0 or newer) was found for this machine:',
        ...attempts.map(attempt => `  - ${attempt.step}: ${attempt.reason}`),
        'What you can do, any one of:',
        '  - install MongoDB 6.0 or newer, so that "mongod" is on PATH;',
        '  - set WATCHBELL_MONGOD to the path of a mongod binary;',
        '  - set MONGODB_URL to a replica set that runs already.',
      ].join('\n'),
    );
  }
}

/** mongod could not be started, stopped or used; the message is a sentence for the person. */
export class MongodError extends Error {
  override readonly name = 'MongodError';
}

/** Message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
