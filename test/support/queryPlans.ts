import { z } from 'zod';
import type { Database } from '../../app/repository/database';
import { profiledDuring } from './profiler';

const profiledSchema = z.object({
  op: z.string(),
  ns: z.string(),
  planSummary: z.string().optional(),
  docsExamined: z.number().default(0),
  keysExamined: z.number().default(0),
  nreturned: z.number().optional(),
  nMatched: z.number().optional(),
  ndeleted: z.number().optional(),
  command: z.unknown(),
});

/** What MongoDB says of one operation that it has executed. */
export interface Executed {
  collection: string;
  op: string;
  /** `IXSCAN { … }`, `IDHACK`, `COLLSCAN` …; absent for inserts. */
  plan: string | undefined;
  examined: number;
  found: number;
  /** For the message of a failed expectation. */
  text: string;
}

/**
 * These stay small whatever is stored or runs: a document a process, host, robot or trouble, and single documents. Reading
 * all of them is what their users are for.
 */
const small = new Set(['members', 'drains', 'budgets', 'meta', 'counters', 'selfAlerts', 'system.profile']);

/** Does the work and answers what MongoDB executed for it on collections that grow. */
export async function executedFor(database: Database, work: () => Promise<unknown>): Promise<Executed[]> {
  const stored = await profiledDuring(database, work);
  return stored.map(parsed).filter(({ collection, op }) => !small.has(collection) && op !== 'insert');
}

function parsed(document: unknown): Executed {
  const { op, ns, planSummary: plan, docsExamined, keysExamined, command, ...counts } = profiledSchema.parse(document);
  const found = (counts.nreturned ?? 0) + (counts.nMatched ?? 0) + (counts.ndeleted ?? 0);
  const collection = ns.slice(ns.indexOf('.') + 1);
  // Asked for by their ids, documents that are not there are no waste.
  const examined = plan === 'IXSCAN { _id: 1 }' ? docsExamined : Math.max(docsExamined, keysExamined);
  const text = `${collection} ${op} ${plan}, ${examined} examined for ${found}: ${JSON.stringify(command).slice(0, 400)}`;
  return { collection, op, plan, examined, found, text };
}

/** Commands that look at no document: the end of a transaction, the look for a server. */
function isLook({ plan, collection }: Executed): boolean {
  return plan !== undefined && collection !== '$cmd';
}

/** Those that read a whole collection, or look at many more entries than they answer. */
export function wasteful(executed: readonly Executed[], spare = 25): string[] {
  return executed
    .filter(isLook)
    .filter(({ plan = '', examined, found }) => plan.includes('COLLSCAN') || examined > found * 4 + spare)
    .map(({ text }) => text);
}

/** The collections that were looked at, so that a test sees that it has measured something. */
export function lookedAt(executed: readonly Executed[]): string[] {
  return [...new Set(executed.filter(isLook).map(({ collection }) => collection))].sort();
}
