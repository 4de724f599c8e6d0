import type { Job, JobSpec } from '../../../app/domain/job/types';
import { jobModel } from '../../../app/model/definition';
import { counterModel } from '../../../app/model/token';
import type { Database } from '../../../app/repository/database';

const batchSize = 1000;

/**
 * Stores definitions as the API's writes leave them, many at once: the counter last, so that they come into force
 * together. Answers the revision that they have.
 */
export async function storeJobs(
  database: Database,
  jobs: readonly { name: string; spec: JobSpec }[],
  plannedFromAt = new Date(),
): Promise<number> {
  const counters = database.collection(counterModel);
  const revision = Number((await counters.findOne({ _id: 'revision' }))?.['value'] ?? 0) + 1;
  const head = { revision, createdRevision: revision, deleted: false, updatedAt: plannedFromAt, updatedBy: 'bench' };
  const use = { sources: [], channels: [], calendars: [] };
  const planned = { plannedFromAt, paused: null, idleSinceAt: null } satisfies Partial<Job>;
  for (let from = 0; from < jobs.length; from += batchSize) {
    const documents = jobs.slice(from, from + batchSize).map(({ name, spec }) => {
      return { _id: name, ...head, spec, ...use, ...planned };
    });
    await database.collection(jobModel).insertMany(documents);
  }
  await counters.updateOne({ _id: 'revision' }, { $set: { value: revision, at: new Date() } }, { upsert: true });
  return revision;
}
