import { type RunDoc, runModel } from '../../app/model/run';
import type { Database } from '../../app/repository/database';

/** Every run record of these jobs (a prefix of their names), straight from the database. */
export async function runsOf(database: Database, prefix: string): Promise<RunDoc[]> {
  const stored = await database
    .collection(runModel)
    .find({ job: { $regex: `^${prefix}` } })
    .sort({ _id: 1 })
    .toArray();
  return stored.map(document => runModel.schema.parse(document));
}
