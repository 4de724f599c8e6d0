import { sortOf } from './aggregate';
import { type BulkOperation, bulkWrite, mergedInserts } from './bulk';
import { ChangeStream } from './changeStream';
import { Commands, Progress, type StatementFault, type UpdateStatement } from './commands';
import type { Connection } from './connection';
import { FindCursor, ListCursor } from './cursor';
import { createIndexes } from './indexes';
import { type CommonOptions, refuseUnknown } from './options';
import { real } from './real';
import { replacementOf, statementOf, stored } from './statements';
import { type Doc, type Execute, UnsupportedError } from './types';
import { copy } from './values';

export interface UpdateOptions extends CommonOptions {
  upsert?: boolean;
}

export interface FindAndUpdateOptions extends UpdateOptions {
  returnDocument?: 'before' | 'after';
  sort?: unknown;
  projection?: Doc;
}

export interface FindOptions extends CommonOptions {
  sort?: unknown;
  skip?: number;
  limit?: number;
  projection?: Doc;
  hint?: string;
  batchSize?: number;
  timeoutMode?: string;
}

/** One statement of `update` with what became of it. */
export interface UpdateAnswer {
  acknowledged: true;
  matchedCount: number;
  modifiedCount: number;
  upsertedCount: number;
  upsertedId: unknown;
}

/** A collection as the driver shows it, with the operations that Watchbell uses. */
export class Collection {
  readonly commands: Commands;

  constructor(
    readonly connection: Connection,
    readonly namespace: string,
    readonly collectionName: string,
    private readonly limitMs: number | null,
  ) {
    this.commands = new Commands(connection.server, namespace);
  }

  find(filter: Doc = {}, options: FindOptions = {}): FindCursor {
    return new FindCursor(this, copy(filter), options);
  }

  async findOne(filter: Doc = {}, options: FindOptions = {}): Promise<Doc | null> {
    const [found] = await this.find(filter, { ...options, limit: 1 }).toArray();
    return found ?? null;
  }

  async findOneAndUpdate(filter: Doc, update: unknown, options: FindAndUpdateOptions = {}): Promise<Doc | null> {
    refuseUnknown(options, 'findOneAndUpdate', ['upsert', 'returnDocument', 'sort', 'projection']);
    const { upsert = false, returnDocument = 'before', sort, projection } = options;
    const statement = {
      ...statementOf(filter, update, { upsert, multi: false }),
      ...(sort === undefined ? {} : { sort: sortOf(sort) }),
      ...(projection === undefined ? {} : { projection }),
      after: returnDocument === 'after',
    };
    const call = this.connection.callOf(options.session);
    const progress = new Progress();
    return await this.write('findAndModify', options, () => this.commands.findAndUpdate(call, statement, progress));
  }

  async insertOne(document: Doc, options: CommonOptions = {}): Promise<{ acknowledged: true; insertedId: unknown }> {
    refuseUnknown(options, 'insertOne');
    const own = stored(document);
    refuseFaults(await this.insertBatch([own], true, options));
    return { acknowledged: true, insertedId: own['_id'] };
  }

  async insertMany(documents: readonly Doc[], options: CommonOptions & { ordered?: boolean } = {}) {
    refuseUnknown(options, 'insertMany', ['ordered']);
    if (documents.length === 0)
      throw new real.MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
    return await mergedInserts(this, documents.map(stored), options);
  }

  /** One `insert`; documents are the caller's no more. */
  async insertBatch(documents: readonly Doc[], ordered: boolean, options: CommonOptions): Promise<StatementFault[]> {
    const call = this.connection.callOf(options.session);
    const memo: Progress[] = [];
    return await this.write('insert', options, () => this.commands.insert(call, documents, ordered, memo));
  }

  async updateOne(filter: Doc, update: unknown, options: UpdateOptions = {}): Promise<UpdateAnswer> {
    refuseUnknown(options, 'updateOne', ['upsert']);
    return await this.updateSingle(
      statementOf(filter, update, { upsert: options.upsert === true, multi: false }),
      options,
    );
  }

  async updateMany(filter: Doc, update: unknown, options: UpdateOptions = {}): Promise<UpdateAnswer> {
    refuseUnknown(options, 'updateMany', ['upsert']);
    return await this.updateSingle(
      statementOf(filter, update, { upsert: options.upsert === true, multi: true }),
      options,
    );
  }

  async replaceOne(filter: Doc, replacement: Doc, options: UpdateOptions = {}): Promise<UpdateAnswer> {
    refuseUnknown(options, 'replaceOne', ['upsert']);
    return await this.updateSingle(replacementOf(filter, replacement, options.upsert === true), options);
  }

  /** One `update`. */
  async updateBatch(statements: readonly UpdateStatement[], ordered: boolean, options: CommonOptions) {
    const call = this.connection.callOf(options.session);
    const memo: Progress[] = [];
    const retryable = statements.every(statement => !statement.multi);
    const execute = () => this.commands.update(call, statements, ordered, memo);
    return { faults: await this.write('update', options, execute, retryable), memo };
  }

  async deleteOne(filter: Doc, options: CommonOptions = {}): Promise<{ acknowledged: true; deletedCount: number }> {
    return await this.remove(filter, false, options);
  }

  async deleteMany(filter: Doc, options: CommonOptions = {}): Promise<{ acknowledged: true; deletedCount: number }> {
    return await this.remove(filter, true, options);
  }

  async bulkWrite(operations: readonly BulkOperation[], options: CommonOptions & { ordered?: boolean } = {}) {
    refuseUnknown(options, 'bulkWrite', ['ordered']);
    return await bulkWrite(this, operations, options);
  }

  aggregate(pipeline: readonly Doc[], options: CommonOptions & { hint?: string } = {}): ListCursor {
    refuseUnknown(options, 'aggregate', ['hint']);
    const stages = copy([...pipeline]);
    const call = this.connection.callOf(options.session);
    const execute = () => this.commands.aggregate(call, stages, options.hint);
    return new ListCursor(() => this.read('aggregate', options, execute));
  }

  async countDocuments(filter: Doc = {}, options: CommonOptions & { limit?: number } = {}): Promise<number> {
    refuseUnknown(options, 'countDocuments', ['limit']);
    const own = copy(filter);
    const call = this.connection.callOf(options.session);
    return await this.read('aggregate', options, () => this.commands.count(call, own, options.limit));
  }

  async distinct(field: string, filter: Doc = {}, options: CommonOptions = {}): Promise<unknown[]> {
    refuseUnknown(options, 'distinct');
    const own = copy(filter);
    const call = this.connection.callOf(options.session);
    return await this.read('distinct', options, () => this.commands.distinct(call, field, own));
  }

  watch(pipeline: readonly Doc[] = [], options: { timeoutMS?: number } = {}): ChangeStream {
    refuseUnknown(options, 'watch');
    if (pipeline.length > 0) throw new UnsupportedError('a change stream with a pipeline');
    return new ChangeStream(this.connection, this.namespace, this.limitOf(options));
  }

  async createIndexes(indexes: readonly object[], options: CommonOptions = {}): Promise<string[]> {
    refuseUnknown(options, 'createIndexes');
    const given = indexes.map(index => copy({ ...index }));
    return await this.write('createIndexes', options, () => createIndexes(this.commands.table(), given), false);
  }

  /** A round trip that reads; asked again after a lost answer. */
  async read<T>(
    name: string,
    options: CommonOptions,
    execute: Execute<T>,
    limitMs = this.limitOf(options),
  ): Promise<T> {
    const { session, collectionName: collection } = { ...options, collectionName: this.collectionName };
    return await this.connection.send({ name, collection, write: false, retryable: true, limitMs, session }, execute);
  }

  limitOf({ timeoutMS }: { timeoutMS?: number | undefined }): number | null {
    const limit = timeoutMS ?? this.limitMs;
    return limit === 0 ? null : limit;
  }

  private async write<T>(name: string, options: CommonOptions, execute: Execute<T>, retryable = true): Promise<T> {
    const request = { name, collection: this.collectionName, write: true, retryable, limitMs: this.limitOf(options) };
    return await this.connection.send({ ...request, session: options.session }, execute);
  }

  private async updateSingle(statement: UpdateStatement, options: CommonOptions): Promise<UpdateAnswer> {
    const { faults, memo } = await this.updateBatch([statement], true, options);
    refuseFaults(faults);
    const { matched = 0, modified = 0, upsertedId } = memo[0] ?? {};
    return {
      acknowledged: true,
      matchedCount: matched,
      modifiedCount: modified,
      upsertedCount: upsertedId === undefined ? 0 : 1,
      upsertedId: upsertedId ?? null,
    };
  }

  private async remove(filter: Doc, multi: boolean, options: CommonOptions) {
    refuseUnknown(options, 'delete');
    const own = copy(filter);
    const call = this.connection.callOf(options.session);
    const memo: Progress[] = [];
    refuseFaults(await this.write('delete', options, () => this.commands.delete(call, own, multi, memo), !multi));
    return { acknowledged: true as const, deletedCount: memo[0]?.deleted ?? 0 };
  }
}

function refuseFaults(faults: StatementFault[]): void {
  const [fault] = faults;
  if (fault !== undefined) throw fault.error;
}
