import { Binary, Timestamp } from 'mongodb';
import { z } from 'zod';
import type { Database } from '../../app/repository/database';
import { profiledDuring } from './profiler';

const profiledSchema = z.object({
  op: z.string(),
  ns: z.string(),
  command: z.looseObject({
    lsid: z.object({ id: z.instanceof(Binary) }).optional(),
    readConcern: z.looseObject({ afterClusterTime: z.instanceof(Timestamp).optional() }).optional(),
  }),
});

/**
 * Of each collection that was read in the session of the first such write while `work` was done: whether the first look
 * waited for what that session had written. `op` as the profiler says it: `insert`, or `command` for a findAndModify. A
 * session that has ended is used again by whoever comes next: later looks say nothing.
 */
export async function waitedBehind(
  database: Database,
  written: { op: 'insert' | 'command'; collection: string },
  work: () => Promise<unknown>,
): Promise<Record<string, boolean>> {
  const stored = await profiledDuring(database, work);
  const all = stored.map(document => profiledSchema.safeParse(document)).flatMap(({ data }) => data ?? []);
  const is = (name: string, ns: string) => ns === `${database.db.databaseName}.${name}`;
  const index = all.findIndex(({ op, ns }) => op === written.op && is(written.collection, ns));
  const session = sessionOf(all[index]);
  if (session === undefined) throw new Error(`no ${written.op} in a session on ${written.collection}`);
  const reads = all.slice(index).filter(one => one.op === 'query' && sessionOf(one) === session);
  return Object.fromEntries(reads.map(({ ns, command }) => [ns.split('.')[1], waits(command)]).reverse());
}

type Profiled = z.infer<typeof profiledSchema>;

function sessionOf(profiled: Profiled | undefined): string | undefined {
  return profiled?.command.lsid?.id.toString('hex');
}

function waits({ readConcern }: Profiled['command']): boolean {
  return readConcern?.afterClusterTime !== undefined;
}
