import { z } from 'zod';
import { type RunDoc, runModel, runStates } from '../model/run';
import { type Database, primaryMajority } from './database';

/** How a run that touches no alert ends. */
export interface RunEnding {
  id: string;
  fence: number;
  fields: Pick<RunDoc, 'outcome' | 'error'> &
    Partial<Pick<RunDoc, 'jobRevision'>> & { state: Exclude<RunDoc['state'], 'queued' | 'running'> };
}

const endedSchema = z.object({ _id: z.string(), state: z.enum(runStates), fence: z.number().int() });

/** Ends runs without alerts, many by one command: those that end alike under one fence are one updateMany of it. */
export class RunEndings {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(runModel);
  }

  /**
   * Ends each run where its fence still stands. Answers the ids of those that have ended under it, by this call or by an
   * earlier one whose answer was lost; the others are another member's by now, or not ended at all.
   */
  async end(endings: readonly RunEnding[], finishedAt: Date): Promise<Set<string>> {
    const writes = grouped(endings).map(({ ids, fence, fields }) => ({
      updateMany: {
        filter: { _id: { $in: ids }, fence, state: 'running' },
        update: { $set: { ...fields, finishedAt }, $unset: { slot: '', chunks: '' } } as const,
      },
    }));
    const ids = endings.map(ending => ending.id);
    const { matchedCount } = await this.collection.bulkWrite(writes, { ordered: false });
    return matchedCount === ids.length ? new Set(ids) : await this.endedOf(endings);
  }

  private async endedOf(endings: readonly RunEnding[]): Promise<Set<string>> {
    const fences = new Map(endings.map(({ id, fence }) => [id, fence]));
    const stored = await this.collection
      .find({ _id: { $in: [...fences.keys()] } }, primaryMajority)
      .project({ state: 1, fence: 1 })
      .toArray();
    const ended = stored
      .map(document => endedSchema.parse(document))
      .filter(({ _id, state, fence }) => fence === fences.get(_id) && state !== 'running' && state !== 'queued');
    return new Set(ended.map(({ _id }) => _id));
  }
}

function grouped(endings: readonly RunEnding[]) {
  const groups = new Map<string, Omit<RunEnding, 'id'> & { ids: string[] }>();
  for (const { id, fence, fields } of endings) {
    const key = JSON.stringify([fence, fields]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { fence, fields, ids: [id] });
    else group.ids.push(id);
  }
  return [...groups.values()];
}
