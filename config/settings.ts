import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { SettingsError } from '../app/domain/errors';
import { isZone } from '../app/domain/schedule';

const ms = (fallback: number, min: number, max: number) => z.coerce.number().int().min(min).max(max).default(fallback);
const flag = z
  .enum(['true', 'false', '1', '0'])
  .default('false')
  .transform(text => text === 'true' || text === '1');
const list = z
  .string()
  .default('')
  .transform(text =>
    text
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== ''),
  );

const hostLabels = list
  .refine(pairs => pairs.every(pair => /^[A-Za-z_][A-Za-z0-9_.-]{0,63}=[A-Za-z0-9._:/-]{1,64}$/.test(pair)), {
    error:
      'must be pairs such as zone=eu,disk=ssd: a name that begins with a letter or "_", then 1 to 64 of letters, digits, ".", "_", ":", "/" and "-"',
  })
  .refine(pairs => new Set(pairs.map(pair => pair.split('=')[0])).size === pairs.length, 'names a label twice')
  .transform(pairs => Object.fromEntries(pairs.map((pair): [string, string] => splitPair(pair))));

/**
 * Every setting is an environment variable of this table; docs/guide/settings.md is made from it.
 * `meta.unit` names what a number counts.
 */
export const environmentSchema = z.object({
  MONGODB_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://')
    .describe('Where MongoDB 6.0 or newer listens: a replica set, one node is enough. Its path names the database.'),
  WATCHBELL_DATABASE: z.string().min(1).default('watchbell').describe('Database where MONGODB_URL names none.'),
  WATCHBELL_SECRET_KEY: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe(
      'Encrypts the secrets of sources and channels. The same on every host; 32 random bytes in base64 are best.',
    ),
  WATCHBELL_SECRET_KEY_FILE: z
    .string()
    .optional()
    .describe('A file, readable by its owner only (0600), that holds the key instead of WATCHBELL_SECRET_KEY.'),
  WATCHBELL_DATA_DIR: z
    .string()
    .default('~/.watchbell')
    .describe('Data folder: host id, embedded database, key file, logs.'),
  WATCHBELL_LOG_DIR: z.string().optional().describe('Folder of the log files; default: `logs` in the data folder.'),
  WATCHBELL_HOST_ID: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'may hold letters, digits, ".", "_" and "-", at most 64')
    .optional()
    .describe(
      'Name of this host in the cluster; default: the host name and random characters kept in the data folder.',
    ),
  WATCHBELL_HOST_LABELS: hostLabels.describe(
    "Labels of this host that a job's `placement.hostLabels` may ask for, separated by commas: `zone=eu,disk=ssd`.",
  ),
  WATCHBELL_LISTEN: z.string().default('0.0.0.0').describe('Address that the workers listen on.'),
  WATCHBELL_PUBLIC_URL: z
    .url()
    .optional()
    .describe('Address under which people reach Watchbell: links in messages start with it.'),
  WATCHBELL_DEFAULT_ZONE: z
    .string()
    .refine(isZone, 'must be an IANA name such as Asia/Shanghai')
    .default('UTC')
    .describe('Time zone of schedules that name none (IANA name).'),
  WATCHBELL_ALLOW_LOOPBACK: flag.describe('Lets sources and channels reach 127.0.0.0/8 and ::1.'),
  WATCHBELL_ALLOW_NETS: list
    .refine(nets => nets.every(ipaddr.isValidCIDR), 'must be CIDR ranges such as 10.0.0.0/8, separated by commas')
    .describe('Comma-separated CIDR ranges that channels may reach besides public addresses.'),
  WATCHBELL_CLOSE_TOKEN_IN_QUERY: flag.describe(
    'Lets /close and /open take ?token= with a token that can do nothing else.',
  ),
  WATCHBELL_DRILL: flag.describe(
    'Registers the job kind `drill`, with which `npm run drill` proves on a staging cluster that nothing is missed. Not for production.',
  ),
  WATCHBELL_LEASE_MS: ms(10_000, 3000, 300_000)
    .meta({ unit: 'ms' })
    .describe('A member that has not renewed for this long is dead.'),
  WATCHBELL_RENEW_MS: ms(3000, 500, 60_000).meta({ unit: 'ms' }).describe('How often a member renews its lease.'),
  WATCHBELL_SWEEP_MS: ms(1000, 200, 10_000).meta({ unit: 'ms' }).describe('How often what was lost is looked for.'),
  WATCHBELL_STANDBY_MS: ms(1000, 100, 30_000)
    .meta({ unit: 'ms' })
    .describe('After this span the next host looks after an occurrence that has no record.'),
  WATCHBELL_REANNOUNCE_MS: ms(3000, 500, 60_000)
    .meta({ unit: 'ms' })
    .describe('An occurrence without a record is announced again after this span.'),
  WATCHBELL_MISFIRE_HORIZON_MS: ms(86_400_000, 60_000, 604_800_000)
    .meta({ unit: 'ms' })
    .describe('Older occurrences are never counted as missed.'),
  WATCHBELL_KILL_GRACE_MS: ms(5000, 500, 60_000)
    .meta({ unit: 'ms' })
    .describe('How long the work of a cancelled run may take to end; then the run is closed without it.'),
  WATCHBELL_DRAIN_MS: ms(3000, 0, 3000)
    .meta({ unit: 'ms' })
    .describe(
      'How long runs and messages under way may take to end when the server is stopped; then they are handed over. No more than 3000, because Egg kills a worker 5 s after its SIGTERM: whoever needs longer drains the host first.',
    ),
  WATCHBELL_SKEW_MAX_MS: ms(5000, 500, 60_000)
    .meta({ unit: 'ms' })
    .describe("Past this difference from MongoDB's clock a host claims nothing."),
  WATCHBELL_POLL_MS: ms(1000, 200, 30_000)
    .meta({ unit: 'ms' })
    .describe(
      'How often the revision of the definitions is looked at; with five hosts or more, other hosts hear of a change only so.',
    ),
  WATCHBELL_MAX_RUNS: ms(1000, 1, 10_000)
    .meta({ unit: 'runs' })
    .describe('Runs in progress in one worker; what is due beyond that waits.'),
  WATCHBELL_MAX_SENDS: ms(20, 1, 500).meta({ unit: 'deliveries' }).describe('Deliveries in progress in one worker.'),
  WATCHBELL_SERVER_SELECTION_MS: ms(3000, 200, 30_000)
    .meta({ unit: 'ms' })
    .describe('How long an operation looks for a MongoDB server.'),
  WATCHBELL_OPERATION_MS: ms(3500, 500, 60_000).meta({ unit: 'ms' }).describe('Limit of one MongoDB operation.'),
  WATCHBELL_RENEWAL_LIMIT_MS: ms(2500, 300, 30_000).meta({ unit: 'ms' }).describe('Limit of one renewal of the lease.'),
  WATCHBELL_SELF_ALERT_AFTER_MS: ms(60_000, 5000, 3_600_000)
    .meta({ unit: 'ms' })
    .describe(
      'MongoDB away, or another trouble of Watchbell itself that may pass, is told to the channel `self` after this span.',
    ),
  WATCHBELL_HEARTBEAT_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Called (GET) by each host while it works, so that a service outside notices when no host does.'),
  WATCHBELL_HEARTBEAT_INTERVAL_MS: ms(60_000, 5000, 3_600_000)
    .meta({ unit: 'ms' })
    .describe('How often the heartbeat URL is called.'),
  WATCHBELL_RUN_RETENTION_DAYS: ms(30, 2, 3650).meta({ unit: 'days' }).describe('How long ended runs are kept.'),
  WATCHBELL_ALERT_RETENTION_DAYS: ms(365, 2, 3650)
    .meta({ unit: 'days' })
    .describe('How long closed alerts and transitions are kept.'),
  WATCHBELL_DELIVERY_RETENTION_DAYS: ms(60, 2, 3650).meta({ unit: 'days' }).describe('How long deliveries are kept.'),
});

export interface Settings
  extends Omit<z.infer<typeof environmentSchema>, 'WATCHBELL_SECRET_KEY' | 'WATCHBELL_LOG_DIR'> {
  WATCHBELL_SECRET_KEY: string;
  WATCHBELL_LOG_DIR: string;
}

/** Reads and checks the environment. Throws SettingsError with one sentence that names every fault and what to do. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  if ((environment['MONGODB_URL'] ?? '') === '') throw new SettingsError(withoutMongoDb);
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`);
    throw new SettingsError(`The environment is not valid: ${faults.join('; ')}.`);
  }
  const settings = parsed.data;
  assertNumbers(settings);
  const dataDir = expandHome(settings.WATCHBELL_DATA_DIR);
  return {
    ...settings,
    WATCHBELL_DATA_DIR: dataDir,
    WATCHBELL_LOG_DIR: expandHome(settings.WATCHBELL_LOG_DIR ?? path.join(dataDir, 'logs')),
    WATCHBELL_SECRET_KEY: settings.WATCHBELL_SECRET_KEY ?? keyFromFile(settings.WATCHBELL_SECRET_KEY_FILE),
  };
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

const withoutMongoDb =
  'MONGODB_URL is not set: point it at a MongoDB replica set (MONGODB_URL=mongodb://host/watchbell?replicaSet=rs0), or use "npm start", which runs an embedded MongoDB for this machine.';

/** Bounds between the numbers (design: a host must have had its turn before an occurrence counts as late). */
function assertNumbers(settings: z.infer<typeof environmentSchema>): void {
  const faults: string[] = [];
  const agentRestartMs = 3000;
  if (settings.WATCHBELL_RENEW_MS * 2 + settings.WATCHBELL_RENEWAL_LIMIT_MS > settings.WATCHBELL_LEASE_MS) {
    faults.push(
      'WATCHBELL_LEASE_MS must be at least 2 × WATCHBELL_RENEW_MS + WATCHBELL_RENEWAL_LIMIT_MS, so that one lost renewal loses no lease',
    );
  }
  if (settings.WATCHBELL_STANDBY_MS > settings.WATCHBELL_REANNOUNCE_MS) {
    faults.push('WATCHBELL_STANDBY_MS must not be more than WATCHBELL_REANNOUNCE_MS');
  }
  if (settings.WATCHBELL_STANDBY_MS + settings.WATCHBELL_REANNOUNCE_MS + agentRestartMs >= minGraceMs) {
    faults.push(
      `WATCHBELL_STANDBY_MS + WATCHBELL_REANNOUNCE_MS must stay under ${minGraceMs - agentRestartMs} ms, so that an agent's restart makes nothing late`,
    );
  }
  if (settings.WATCHBELL_SERVER_SELECTION_MS > settings.WATCHBELL_OPERATION_MS) {
    faults.push('WATCHBELL_SERVER_SELECTION_MS must not be more than WATCHBELL_OPERATION_MS');
  }
  if (settings.WATCHBELL_MISFIRE_HORIZON_MS >= settings.WATCHBELL_RUN_RETENTION_DAYS * 86_400_000) {
    faults.push('WATCHBELL_MISFIRE_HORIZON_MS must be less than WATCHBELL_RUN_RETENTION_DAYS');
  }
  if (faults.length > 0) throw new SettingsError(`The environment is not valid: ${faults.join('; ')}.`);
}

/** Least graceMs of a job: the default of api.md. */
const minGraceMs = 15_000;

function keyFromFile(file: string | undefined): string {
  if (file === undefined) {
    throw new SettingsError(
      'WATCHBELL_SECRET_KEY is required with MONGODB_URL: set it to 32 random bytes in base64 ("openssl rand -base64 32"), the same on every host.',
    );
  }
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) throw new SettingsError(`WATCHBELL_SECRET_KEY_FILE: there is no file ${file}.`);
  if ((mode & 0o077) !== 0) {
    throw new SettingsError(`WATCHBELL_SECRET_KEY_FILE: others can read ${file}; run "chmod 600" on it.`);
  }
  const key = readFileSync(file, 'utf8').trim();
  if (key.length < 16) throw new SettingsError(`WATCHBELL_SECRET_KEY_FILE: ${file} holds fewer than 16 characters.`);
  return key;
}

/** Absolute path of a folder; `~` is the home folder. */
export function expandHome(folder: string): string {
  return path.resolve(folder.startsWith('~/') ? path.join(homedir(), folder.slice(2)) : folder);
}
