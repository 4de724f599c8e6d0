import { real } from './real';

/**
 * What stands in for the package `mongodb` where Watchbell's code is bundled for a simulation. Errors and constants are
 * the real ones.
 */
export { attach, Db, MongoClient } from './client';
export { Collection } from './collection';
export { ClientSession } from './session';
export const {
  BSON,
  CursorTimeoutMode,
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  ReadConcern,
} = real;
