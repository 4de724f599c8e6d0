import type { Job, Placement } from '../job/types';
import type { Labels } from '../message/types';

/** A host of the cluster as placement sees it. */
export interface PlacedHost {
  readonly id: string;
  readonly labels: Labels;
}

/** Where a run may be executed, as its record says it; empty for any host. */
export interface PlacedRun {
  /** The only host whose members may execute it. */
  boundTo?: string | undefined;
  /** Only hosts with these labels may. */
  hostLabels?: Labels | undefined;
}

/** The usual placement: one object for all jobs that have it, because there may be 100,000. */
export const anywhere: Placement = { on: 'one', hostLabels: {} };

/** The same placement, as the shared object where it is the usual one. */
export function sharedPlacement(placement: Placement): Placement {
  return placement.on === 'one' && Object.keys(placement.hostLabels).length === 0 ? anywhere : placement;
}

/** Whether the host has every label that is asked for. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** What a run of the job says of its placement when this host is to execute it. */
export function placedOn(hostId: string, { on, hostLabels }: Placement): PlacedRun {
  if (on === 'every-host') return { boundTo: hostId };
  return Object.keys(hostLabels).length === 0 ? {} : { hostLabels };
}

/** Whether a run may be executed on this host. */
export function mayRunOn({ boundTo, hostLabels = {} }: PlacedRun, host: PlacedHost): boolean {
  return boundTo === undefined ? hasLabels(host.labels, hostLabels) : boundTo === host.id;
}

/** The label of each series of a job that runs on every host; none for the others. */
export function ownLabels({ placement }: Pick<Job, 'placement'>, hostId: string): Labels {
  return placement.on === 'every-host' ? { host: hostId } : {};
}

/** Labels for a reader: `disk=ssd, zone=eu`. */
export function labelsInWords(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(', ');
}

/** Why an occurrence could not run, for its record. */
export function noHost(hostLabels: Labels): { code: string; message: string } {
  return {
    code: 'noHost',
    message: `No live host has the labels that the job asks for (${labelsInWords(hostLabels)}).`,
  };
}
