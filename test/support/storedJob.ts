import type { Job } from '../../app/domain/job/types';
import { jobModel } from '../../app/model/definition';
import type { Database } from '../../app/repository/database';
import { jobOf } from './job';

/** Stores a job as a definition write would, in place of what stands under its name, and answers it. */
export async function storeJob(database: Database, over: Partial<Job>): Promise<Job> {
  const job = jobOf(over);
  const { name, revision, createdRevision, plannedFromAt, paused, idleSinceAt, ...spec } = job;
  const calendars = job.calendar === null ? [] : [job.calendar.name];
  const head = { revision, createdRevision, deleted: false, updatedAt: plannedFromAt, updatedBy: 'test' };
  const document = { ...head, spec, sources: [], channels: [], calendars, plannedFromAt, paused, idleSinceAt };
  await database.collection(jobModel).replaceOne({ _id: name }, document, { upsert: true });
  return job;
}
