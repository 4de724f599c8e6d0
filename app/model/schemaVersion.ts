import { SettingsError } from '../domain/errors';

/**
 * The form of stored documents that this build knows best; the number goes up by one with each change of it
 * (docs/decisions/0018-schema-versions.md says what a change may be). Documents from before the number was stored are 1.
 */
export const schemaVersion = 1;
/** The oldest form that this build still reads. */
const oldestReadable = 1;
/** One newer than its own: what it does not know of it, it keeps. */
const newestReadable = schemaVersion + 1;
/** This build writes its own form and the one before, for members that do not know its own yet. */
export const oldestWritable = Math.max(1, schemaVersion - 1);

/** What is stored was written by a version that is too far away from this one. The message says what to do. */
export class SchemaVersionError extends SettingsError {
  readonly code = 'schemaVersion';
}

/** Throws SchemaVersionError where this build cannot read data of that form; `where` is such as "the database". */
export function assertReadable(version: number, where: string): void {
  if (version > newestReadable) {
    throw new SchemaVersionError(
      `The schema of ${where} is ${version}, and this Watchbell reads up to ${newestReadable}: it was written by a newer version. Install that version here, or one not older than schema ${version - 1} (docs/guide/upgrading.md).`,
    );
  }
  if (version < oldestReadable) {
    throw new SchemaVersionError(
      `The schema of ${where} is ${version}, and this Watchbell reads from ${oldestReadable} on: start a version between the two first (docs/guide/upgrading.md).`,
    );
  }
}
