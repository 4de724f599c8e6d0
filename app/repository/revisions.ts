import type { ClientSession } from 'mongodb';
import { z } from 'zod';
import { calendarModel, channelModel, jobModel, sourceModel } from '../model/definition';
import { counterModel } from '../model/token';
import type { Database } from './database';

export type DefinitionKind = 'job' | 'source' | 'channel' | 'calendar';

/** The counter's document. */
export const revisionId = 'revision';
/** As each write of a definition leaves it: with MongoDB's time. */
export const revisionSchema = counterModel.schema.extend({ at: z.date() });
const models = { job: jobModel, source: sourceModel, channel: channelModel, calendar: calendarModel };
const head = z.object({ _id: z.string(), revision: z.number().int() });

/** Reads the one counter that every definition's revision is drawn from, and what changed since. */
export class Revisions {
  private readonly counters;

  constructor(private readonly database: Database) {
    this.counters = database.collection(counterModel);
  }

  /** The newest revision; 0 before the first definition. Every revision up to it is visible. */
  async current(): Promise<number> {
    const counter = await this.counters.findOne({ _id: revisionId });
    return counter === null ? 0 : counterModel.schema.parse(counter).value;
  }

  /**
   * Which write of a definition is the newest, whatever it wrote: the counter's value and its time. While it stays what it
   * was before definitions were read, nothing of them can have changed. Null where the counter does not say it.
   */
  async newestWrite(session?: ClientSession): Promise<string | null> {
    const counter = revisionSchema.safeParse(await this.counters.findOne({ _id: revisionId }, { session }));
    return counter.success ? `${counter.data.value} ${counter.data.at.getTime()}` : null;
  }

  /** Names of definitions of a kind with a higher revision, tombstones too. */
  async changedNames(kind: DefinitionKind, revision: number): Promise<string[]> {
    const stored = await this.database
      .collection(models[kind])
      .find({ revision: { $gt: revision } })
      .project({ _id: 1, revision: 1 })
      .sort({ revision: 1 })
      .toArray();
    return stored.map(document => head.parse(document)._id);
  }

  /** Calls wake at every change of the counter until closed; waits without limit. Only wakes: what it says is read again. */
  watch(wake: () => void, failed: (error: unknown) => void): { close(): Promise<void> } {
    const stream = this.counters.watch([], { timeoutMS: 0 });
    stream.on('change', wake);
    stream.on('error', failed);
    return { close: () => stream.close() };
  }
}
