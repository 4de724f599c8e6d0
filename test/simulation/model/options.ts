import type { ClientSession } from './session';
import { UnsupportedError } from './types';

/** What every operation may be given. Concerns and preferences say nothing here: one node answers, what it says stays. */
export interface CommonOptions {
  session?: ClientSession | undefined;
  timeoutMS?: number | undefined;
}

const common = ['session', 'timeoutMS', 'readPreference', 'readConcern', 'writeConcern'];

/** Refuses options that the model would ignore. */
export function refuseUnknown(options: object | undefined, operation: string, known: readonly string[] = []): void {
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value === undefined || common.includes(name) || known.includes(name)) continue;
    throw new UnsupportedError(`the option ${name} of ${operation}`);
  }
}
