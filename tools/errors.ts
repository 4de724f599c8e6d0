/** A command cannot do what was asked; the message is a sentence for the person, shown without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
