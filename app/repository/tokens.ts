import { type TokenDoc, tokenModel } from '../model/token';
import type { Database } from './database';

/** Access tokens. Looked up for every request and never cached: a revoked one is refused from then on. */
export class Tokens {
  private readonly collection;

  constructor(database: Database) {
    this.collection = database.collection(tokenModel);
  }

  async insert(token: TokenDoc): Promise<void> {
    await this.collection.insertOne(token);
  }

  /** By the hash of its text, an exact match on the primary; null where there is none or it has expired by MongoDB's clock. */
  async byHash(hash: string): Promise<TokenDoc | null> {
    const stored = await this.collection.findOne({
      _id: hash,
      $expr: { $or: [{ $eq: ['$expiresAt', null] }, { $gt: ['$expiresAt', '$$NOW'] }] },
    });
    return stored === null ? null : tokenModel.schema.parse(stored);
  }

  /** In the order of ids. */
  async list(limit: number, after: string | null): Promise<TokenDoc[]> {
    const filter = after === null ? {} : { id: { $gt: after } };
    const stored = await this.collection.find(filter).sort({ id: 1 }).limit(limit).toArray();
    return stored.map(document => tokenModel.schema.parse(document));
  }

  /** False where there is none. */
  async delete(id: string): Promise<boolean> {
    return (await this.collection.deleteOne({ id })).deletedCount === 1;
  }
}
