import type { DeliveryError } from '../domain/delivery/types';
import { channelModel } from '../model/definition';
import type { Database } from './database';

/** Whether the remote of a channel takes messages: kept beside its definition, without a revision. */
export class ChannelHealth {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(channelModel);
  }

  /** The remote refuses for good. A definition that was written since is not blamed, and the first `since` stays. */
  async broken(name: string, revision: number, { code, message }: DeliveryError): Promise<boolean> {
    const broken = { code: { $literal: code }, message: { $literal: message }, since: '$$NOW' };
    const result = await this.collection.updateOne({ _id: name, revision, deleted: false, broken: null }, [
      { $set: { broken } },
    ]);
    return result.modifiedCount === 1;
  }

  /** The remote took a message. True where the channel was broken until now. */
  async works(name: string): Promise<boolean> {
    const result = await this.collection.updateOne({ _id: name, broken: { $ne: null } }, { $set: { broken: null } });
    return result.modifiedCount === 1;
  }
}
