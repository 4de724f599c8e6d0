import { metaModel } from '../model/token';
import { type Database, isDuplicateKey } from './database';

/** Stores a value of the whole installation unless one stands there; answers the one that stands. */
export async function storeOnce(database: Database, id: string, value: string): Promise<string> {
  const collection = database.collection(metaModel);
  try {
    await collection.updateOne({ _id: id }, { $setOnInsert: { value } }, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return metaModel.schema.parse(await collection.findOne({ _id: id })).value;
}
