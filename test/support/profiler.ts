import type { Document } from 'mongodb';
import type { Database } from '../../app/repository/database';

/** Does the work and answers what MongoDB's profiler noted meanwhile, in its order. */
export async function profiledDuring({ db }: Database, work: () => Promise<unknown>): Promise<Document[]> {
  await db.command({ profile: 0 });
  await db.collection('system.profile').drop();
  await db.command({ profile: 2 });
  try {
    await work();
  } finally {
    await db.command({ profile: 0 });
  }
  return await db.collection('system.profile').find().toArray();
}
