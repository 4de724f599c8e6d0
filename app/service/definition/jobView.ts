import type { JobSpec } from '../../domain/job/types';
import { anywhere, sharedPlacement } from '../../domain/run/placement';
import { jobSpecSchema, placementSchema } from '../../model/jobSpec';
import type { JobDocument } from '../../repository/definitions';
import type { Hosts } from '../../repository/hosts';

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

/** What a job's answer tells besides what is stored: a client may send it back, and it is not looked at then. */
export const liveHostsField = 'liveHosts';

/**
 * The answer with the hosts that may run the job now, where its placement asks for something: none are left of a label
 * that is misspelt.
 */
export async function withLiveHosts(
  view: Record<string, unknown>,
  hosts: Pick<Hosts, 'taking'>,
): Promise<Record<string, unknown>> {
  const placement = sharedPlacement(placementSchema.parse(view['placement']));
  if (placement === anywhere) return view;
  return { ...view, [liveHostsField]: (await hosts.taking(placement.hostLabels)).map(({ id }) => id) };
}
