import { z } from 'zod';
import { SettingsError } from '../app/domain/errors';

/** What `npm start` and the other commands read besides the server's own settings; also part of docs/guide/settings.md. */
export const startSchema = z.object({
  WATCHBELL_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(7001)
    .describe('Port that `npm start` listens on.'),
  WATCHBELL_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .meta({ unit: 'processes' })
    .describe('Workers that `npm start` runs; default: one for each core.'),
  WATCHBELL_MONGOD: z
    .string()
    .optional()
    .describe(
      'The mongod binary (6.0 or newer) of the embedded database; default: the first that is found or fetched.',
    ),
  WATCHBELL_CACHE_DIR: z
    .string()
    .optional()
    .describe('Folder where a fetched mongod is kept; default: `~/.cache/watchbell`.'),
});

export type StartSettings = z.infer<typeof startSchema>;

/** Throws SettingsError with one sentence that names every fault. */
export function readStartSettings(environment: NodeJS.ProcessEnv): StartSettings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = startSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`);
  throw new SettingsError(`The environment is not valid: ${faults.join('; ')}.`);
}
