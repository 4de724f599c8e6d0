import { MongoClient } from 'mongodb';
import { z } from 'zod';
import { spanBetween } from '../../domain/span';
import { pipelineFault } from './pipeline';

/** Parameters of the address that only say how to speak with the remote: none reads a file, fetches credentials or goes through a proxy. */
const parameters = new Set(
  [
    'replicaSet authSource authMechanism tls ssl tlsAllowInvalidCertificates tlsAllowInvalidHostnames',
    'directConnection loadBalanced compressors srvServiceName srvMaxHosts readConcernLevel',
  ]
    .join(' ')
    .split(' '),
);
/** Scheme, hosts with credentials, database, parameters. */
const shape = /^(mongodb(?:\+srv)?:\/\/[^/?#]+)(\/[^?#/]*)?(\?[^#]*)?$/;
const mechanisms = new Set(['DEFAULT', 'SCRAM-SHA-1', 'SCRAM-SHA-256']);
/** Of the server itself: among others the oplog, which holds the writes of every database, also Watchbell's. */
const serverDatabases = new Set(['admin', 'local', 'config']);

const database = z
  .string()
  .regex(/^[^/\\. "$*<>:|?\0]{1,63}$/, 'is not the name of a database')
  .refine(name => !serverDatabases.has(name.toLowerCase()), 'is a database of the server itself, which is not read');

export const settings = z
  .strictObject({
    /** `mongodb://` or `mongodb+srv://` as MongoDB's own tools take it; the password in it is a secret. */
    url: z.string().max(2000).superRefine(checkUrl),
    /** Default: the one that the address names. */
    database: database.optional(),
    /** Limit of one query in ms; past it the query is ended on the server too. */
    timeoutMs: spanBetween(100, 600_000).default(10_000),
    readPreference: z
      .enum(['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'])
      .default('secondaryPreferred'),
    /** Queries at a time from one host. */
    maxConcurrent: z.number().int().min(1).max(100).default(10),
  })
  .superRefine(({ url, database: given }, context) => {
    if (given !== undefined) return;
    const named = database.safeParse(databaseInUrl(url));
    if (named.success) return;
    const message =
      databaseInUrl(url) === '' ? 'is missing: give it here or in the address' : named.error.issues[0]?.message;
    context.addIssue({ code: 'custom', path: ['database'], message });
  });

export type MongoSettings = z.infer<typeof settings>;

/** An aggregation that reads. Extended JSON is understood (`{"$date": …}`); the window of time is the server's: `$$NOW`. */
export const query = z.strictObject(
  {
    collection: z
      .string()
      .regex(/^[^$\0]{1,200}$/, 'is not the name of a collection')
      .refine(name => !name.startsWith('system.'), 'is a collection of the server itself, which is not read'),
    pipeline: z.array(z.record(z.string(), z.json())).max(100).superRefine(checkPipeline),
  },
  { error: issue => (issue.code === 'invalid_type' ? 'must be {"collection": "…", "pipeline": […]}' : undefined) },
);

export type MongoQuery = z.infer<typeof query>;

function checkPipeline(pipeline: Record<string, z.core.util.JSONType>[], context: z.RefinementCtx): void {
  if (Buffer.byteLength(JSON.stringify(pipeline)) > 64 * 1024) {
    context.addIssue({ code: 'custom', message: 'is longer than 64 KiB' });
  }
  const fault = pipelineFault(pipeline);
  if (fault !== null) context.addIssue({ code: 'custom', path: fault.path, message: fault.message });
}

function checkUrl(text: string, context: z.RefinementCtx): void {
  const fault = urlFault(text);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
}

/** The database that is read. */
export function databaseOf({ url, database: given }: MongoSettings): string {
  return given ?? databaseInUrl(url);
}

function databaseInUrl(url: string): string {
  return decodeURIComponent(shape.exec(url)?.[2]?.slice(1) ?? '');
}

/** Never says the address: there may be a password in it. */
function urlFault(text: string): string | null {
  const parts = shape.exec(text);
  if (parts === null) return 'is not an address such as mongodb://user:password@host:27017/shop?replicaSet=rs0';
  for (const [name, value] of new URLSearchParams(parts[3] ?? '')) {
    const known = [...parameters].some(parameter => parameter.toLowerCase() === name.toLowerCase());
    if (!known) return `has the parameter "${name}", which is not taken; these are: ${[...parameters].join(', ')}`;
    if (name.toLowerCase() === 'authmechanism' && !mechanisms.has(value)) {
      return `has an authMechanism that is not taken; these are: ${[...mechanisms].join(', ')}`;
    }
  }
  return isParsed(text)
    ? null
    : 'is not understood: "@", ":", "/" and "%" in user and password are written as %40, %3A, %2F, %25';
}

/** The driver's own opinion; nothing is connected by it. Its message is kept back: it may show parts of the address. */
function isParsed(text: string): boolean {
  try {
    new MongoClient(text);
    return true;
  } catch {
    return false;
  }
}
