import type { JobSpec } from '../../domain/job/types';
import { jobSpecSchema } from '../../model/jobSpec';
import type { JobDocument } from '../../repository/definitions';

/** Fields of a job's answer that only the server sets. */
export const jobReadOnly = [
  'name',
  'revision',
  'createdRevision',
  'plannedFromAt',
  'paused',
  'updatedAt',
  'updatedBy',
] as const;

/** A job as the API takes it: the settings stand under the kind's name. */
export function jobBody(spec: JobSpec): Record<string, unknown> {
  const { settings, notify, ...common } = spec;
  return { ...common, [spec.kind]: settings, notify };
}

/** A job as the API answers it. */
export function jobView(document: JobDocument): Record<string, unknown> {
  const { _id: name, revision, createdRevision, plannedFromAt, paused, updatedAt, updatedBy } = document;
  return { name, ...jobBody(specOf(document)), paused, plannedFromAt, revision, createdRevision, updatedAt, updatedBy };
}

/** The spec of a stored job that is no tombstone. */
export function specOf(document: JobDocument): JobSpec {
  return jobSpecSchema.parse(document.spec);
}
