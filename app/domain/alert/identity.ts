import { createHash } from 'node:crypto';
import type { Labels } from '../message/types';
import type { CheckResult } from './types';

/** The labels of an answer without labels, and of an error that came before any series was known. */
export const noLabels: Labels = {};

/** SHA-256 in hex of any plain data; the order of keys does not matter. */
export function hash(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => sorted(part));
  return createHash('sha256')
    .update(text ?? 'undefined')
    .digest('hex');
}

/** `job.createdRevision.hash(labels)`: the same series has the same id on every host, a job made anew has new ones. */
export function alertId(job: string, createdRevision: number, series: Labels): string {
  return `${job}.${createdRevision}.${hash(series).slice(0, 32)}`;
}

/** The ids that a result may touch besides the open alerts: closed ones among them open again. */
export function alertIdsOf(
  job: string,
  createdRevision: number,
  result: CheckResult,
  own: Labels = noLabels,
): string[] {
  const series = result.type === 'series' ? result.series.map(point => point.labels) : [];
  return [...new Set([noLabels, ...series].map(labels => alertId(job, createdRevision, { ...labels, ...own })))];
}

function sorted(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}
