import { z } from 'zod';
import { jobModel } from '../model/definition';
import { deliveryModel } from '../model/delivery';
import { runModel } from '../model/run';
import type { Database } from './database';

/** A job of which something is left from before it was deleted. */
export interface Removal {
  job: string;
  /** Creations up to this revision are gone. */
  sweepUpTo: number;
}

const unfinished = { $in: ['queued', 'running'] };
/** Awaits an attempt, or the end of its mutes; what is merely history stays as it is. */
const unsent = { $or: [{ state: 'pending' }, { state: 'uncertain', slot: { $exists: true } }, { held: true }] };
const removal = z.object({ _id: z.string(), sweepUpTo: z.number().int() });

/** What deleted jobs leave behind, found again by whoever looks. */
export class Removals {
  constructor(private readonly database: Database) {}

  /** Jobs with something left to sweep. */
  async open(limit: number): Promise<Removal[]> {
    const stored = await this.database
      .collection(jobModel)
      .find({ sweepUpTo: { $gt: 0 } }, { projection: { sweepUpTo: 1 } })
      .limit(limit)
      .toArray();
    return stored.map(document => {
      const { _id: job, sweepUpTo } = removal.parse(document);
      return { job, sweepUpTo };
    });
  }

  /** Whether runs of the deleted job are still under way. */
  async hasUnfinishedRuns({ job, sweepUpTo }: Removal): Promise<boolean> {
    const run = await this.database
      .collection(runModel)
      .findOne({ job, state: unfinished, jobRevision: { $lte: sweepUpTo } }, { projection: { _id: 1 } });
    return run !== null;
  }

  /** Unsent deliveries of the deleted job are not sent any more. */
  async dropDeliveries({ job, sweepUpTo }: Removal): Promise<void> {
    const alertId = { $in: await this.alertIds(job, sweepUpTo) };
    const error = { code: 'jobDeleted', message: 'The job was deleted before this message was sent.' };
    await this.database
      .collection(deliveryModel)
      .updateMany({ alertId, ...unsent }, { $set: { state: 'failed', held: false, error }, $unset: { slot: '' } });
  }

  /** Nothing is left; a later deletion of the same job is another removal. */
  async finish({ job, sweepUpTo }: Removal): Promise<void> {
    await this.database.collection(jobModel).updateOne({ _id: job, sweepUpTo }, { $unset: { sweepUpTo: '' } });
  }

  private async alertIds(job: string, sweepUpTo: number): Promise<string[]> {
    const ids = await this.database.collection(deliveryModel).distinct('alertId', { job, ...unsent });
    return ids.filter((id): id is string => typeof id === 'string' && creationOf(id, job) <= sweepUpTo);
  }
}

/** An alertId is `job.createdRevision.hash`; job names may hold dots themselves. */
function creationOf(alertId: string, job: string): number {
  return Number(alertId.slice(job.length + 1).split('.')[0]);
}
