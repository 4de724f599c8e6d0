import { type FieldError, ValidationError } from '../domain/errors';
import { safeParseStored } from '../domain/unknownFields';
import { check } from './check';
import { type DrillSurroundings, drill } from './drill';
import type { AnyExecutor, Executor } from './types';

const all: AnyExecutor[] = [eraseExecutor(check)];

/** Every job kind by its name. */
export const executors: ReadonlyMap<string, AnyExecutor> = new Map(all.map(executor => [executor.kind, executor]));

/** With the kind of `npm run drill` among them; null leaves it out. */
export function executorsWith(surroundings: DrillSurroundings | null): ReadonlyMap<string, AnyExecutor> {
  if (surroundings === null) return executors;
  const added = eraseExecutor(drill(surroundings));
  return new Map([...executors, [added.kind, added]]);
}

/** Settings come from the storage as unknown: the executor's own schema gives them their type back. */
function eraseExecutor<Settings>(executor: Executor<Settings>): AnyExecutor {
  const parse = (given: unknown): Settings => parseSettings(executor, given);
  return {
    kind: executor.kind,
    settings: executor.settings,
    references: given => executor.references(parse(given)),
    run: async (given, tools, signal) => executor.run(parse(given), tools, signal),
    // The run itself tells of settings that are not valid; without a rule no alert can be judged.
    failed: (given, error) => {
      const parsed = safeParseStored(executor.settings, given);
      return parsed.success ? executor.failed(parsed.data, error) : null;
    },
  };
}

function parseSettings<Settings>({ kind, settings }: Executor<Settings>, given: unknown): Settings {
  const parsed = safeParseStored(settings, given);
  if (parsed.success) return parsed.data;
  const errors: FieldError[] = parsed.error.issues.map(issue => ({
    path: [kind, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }));
  throw new ValidationError(errors);
}
