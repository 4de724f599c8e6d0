import type { Due, Plan } from './plan';
import { dueOf } from './plan';
import type { Evidence, RunRecord, WitnessEvent } from './types';

/** Everything that is known of one occurrence. */
export interface Story {
  due: Due;
  /** In the order in which they came. */
  starts: WitnessEvent[];
  ends: WitnessEvent[];
  /** Its own record, or the one of many skips that it lies in. */
  record: RunRecord | null;
}

/** One story for each occurrence of the plan; `foreign` are calls that belong to none. */
export function storiesOf({ plan, events, records }: Omit<Evidence, 'fault'>): {
  stories: Story[];
  foreign: WitnessEvent[];
} {
  const recordOf = recordsOf(plan, records);
  const stories = new Map<string, Story>();
  for (const due of dueOf(plan)) {
    stories.set(due.id, { due, starts: [], ends: [], record: recordOf(due) });
  }
  const foreign: WitnessEvent[] = [];
  for (const event of events.toSorted((a, b) => a.at - b.at)) {
    const story = stories.get(event.occurrence);
    if (story === undefined) foreign.push(event);
    else if (event.phase === 'start') story.starts.push(event);
    else story.ends.push(event);
  }
  return { stories: [...stories.values()], foreign };
}

function recordsOf(plan: Plan, records: readonly RunRecord[]): (due: Due) => RunRecord | null {
  const names = new Set(plan.jobs.map(job => job.name));
  const own = records.filter(record => names.has(record.job));
  const byId = new Map(own.filter(record => record.from === undefined).map(record => [record.id, record]));
  const many = own.filter(record => record.from !== undefined);
  return ({ id, job, at }) =>
    byId.get(id) ?? many.find(one => one.job === job.name && Number(one.from) <= at && at <= Number(one.to)) ?? null;
}
