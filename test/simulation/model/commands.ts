import { aggregated } from './aggregate';
import { documents, endOf, first, isNatural, matching, type Query, refuseHint, type Session } from './finding';
import { refuseExisting } from './locks';
import { projected } from './projection';
import { commandError, real } from './real';
import type { Call, ModelServer } from './server';
import { type Sort, sorted } from './sort';
import type { Entry, Table, Transaction } from './table';
import { type Blocked, type Doc, UnsupportedError } from './types';
import { type Change, compileReplacement, compileUpdate, seedOf } from './update';
import { copy, equal, keyOf } from './values';

export interface UpdateStatement {
  filter: Doc;
  /** Operators, a pipeline or, with `replace`, a document. */
  update: unknown;
  replace: boolean;
  upsert: boolean;
  multi: boolean;
}

/** What a statement came to, kept so that it happens once however often its command runs. */
export class Progress {
  done = false;
  readonly seen = new Set<Entry>();
  matched = 0;
  modified = 0;
  deleted = 0;
  upsertedId: unknown;
  inserted = false;
  answer: Doc | null = null;
}

/** What one statement of a batch was refused for. */
export interface StatementFault {
  index: number;
  error: unknown;
}

/** The commands that the driver sends. Filters and documents that come in are the command's own already. */
export class Commands {
  constructor(
    private readonly server: ModelServer,
    private readonly namespace: string,
  ) {}

  insert(call: Call, documents: readonly Doc[], ordered: boolean, memo: Progress[]): StatementFault[] | Blocked {
    return this.batch(call, documents.length, ordered, memo, (session, index, progress) => {
      const document = documents[index];
      if (document === undefined) return;
      insertOne(session, document);
      progress.inserted = true;
    });
  }

  update(call: Call, statements: readonly UpdateStatement[], ordered: boolean, memo: Progress[]) {
    return this.batch(call, statements.length, ordered, memo, (session, index, progress) => {
      const statement = statements[index];
      if (statement !== undefined) updateIn(session, statement, progress);
    });
  }

  delete(call: Call, filter: Doc, multi: boolean, memo: Progress[]) {
    return this.batch(call, 1, true, memo, (session, _index, progress) => {
      for (const entry of matching(session, filter)) {
        session.writes.put(session.table, entry, null, session.transaction);
        progress.deleted++;
        if (!multi) return;
      }
    });
  }

  /** Answers the document before or after; null where none matched. */
  findAndUpdate(
    call: Call,
    statement: UpdateStatement & { sort?: Sort; projection?: Doc; after: boolean },
    progress: Progress,
  ): Doc | null | Blocked {
    return this.server.run(call, (writes, transaction, now) => {
      if (progress.done) return copy(progress.answer);
      const session = { table: this.table(), writes, transaction, now };
      const found = first(session, statement);
      const change = changeOf(statement, now);
      if (found === null && !statement.upsert) return null;
      const before = found?.seenBy(transaction) ?? null;
      const after = inFindAndModify(() => {
        const made = before === null ? upsert(session, statement, change) : change(before, false);
        if (found !== null && !equal(before, made)) writes.put(session.table, found, made, transaction);
        return made;
      });
      const answer = statement.after ? after : before;
      progress.answer = answer === null ? null : (projected([answer], statement.projection)[0] ?? null);
      progress.done = true;
      return copy(progress.answer);
    });
  }

  find(call: Call, query: Query): Doc[] | Blocked {
    return this.server.run(call, (writes, transaction, now) => {
      const session = { table: this.table(), writes, transaction, now };
      refuseHint(session.table, query.hint);
      const found = documents(session, query.filter, query.sort === undefined ? endOf(query) : undefined);
      const inOrder = query.sort === undefined || isNatural(query.sort) ? found : sorted(found, query.sort);
      return copy([...projected(inOrder.slice(query.skip ?? 0, endOf(query)), query.projection)]);
    });
  }

  aggregate(call: Call, pipeline: readonly Doc[], hint: string | undefined): Doc[] | Blocked {
    return this.server.run(call, (writes, transaction, now) => {
      const session = { table: this.table(), writes, transaction, now };
      refuseHint(session.table, hint);
      return copy([...aggregated(documents(session, {}), pipeline, now)]);
    });
  }

  count(call: Call, filter: Doc, limit: number | undefined): number | Blocked {
    return this.server.run(
      call,
      (writes, transaction, now) => documents({ table: this.table(), writes, transaction, now }, filter, limit).length,
    );
  }

  distinct(call: Call, field: string, filter: Doc): unknown[] | Blocked {
    if (JSON.stringify(filter).includes('$$NOW')) throw new UnsupportedError('$$NOW in distinct (nor does MongoDB)');
    return this.server.run(call, (writes, transaction, now) => {
      const found = documents({ table: this.table(), writes, transaction, now }, filter);
      const values = new Map<string, unknown>();
      for (const document of found) {
        const value = document[field];
        if (value !== undefined) values.set(keyOf(value), value);
      }
      return copy([...values.values()]);
    });
  }

  table(): Table {
    return this.server.table(this.namespace);
  }

  /** Ordered, the first fault ends it; a transaction ends with any. */
  private batch(
    call: Call,
    count: number,
    ordered: boolean,
    memo: Progress[],
    run: (session: Session, index: number, progress: Progress) => void,
  ): StatementFault[] | Blocked {
    const faults: StatementFault[] = [];
    return this.server.run(call, (writes, transaction, now) => {
      const session = { table: this.table(), writes, transaction, now };
      for (let index = 0; index < count && (faults.length === 0 || !ordered); index++) {
        const progress = progressAt(memo, index);
        if (progress.done) continue;
        const error = faultOf(() => run(session, index, progress), transaction);
        if (error === undefined) progress.done = true;
        else faults.push({ index, error });
      }
      if (faults.length > 0) this.server.abortOf(call);
      return faults;
    });
  }
}

/** What the server says before a duplicate key that this command meets. */
function inFindAndModify<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof real.MongoServerError && error.code === 11000) {
      error.message = `Plan executor error during findAndModify :: caused by :: ${error.message}`;
    }
    throw error;
  }
}

function progressAt(memo: Progress[], index: number): Progress {
  let progress = memo[index];
  if (progress === undefined) {
    progress = new Progress();
    memo[index] = progress;
  }
  return progress;
}

/** What a statement is refused for; what ends the whole command is thrown. */
function faultOf(run: () => void, transaction: Transaction | null): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    const refused = error instanceof real.MongoServerError && !(transaction !== null && error.code === 112);
    if (!refused) throw error;
    return error;
  }
}

function insertOne({ table, writes, transaction }: Session, document: Doc): void {
  const entry = table.entryOf(document['_id']);
  try {
    refuseExisting(table, entry, transaction);
    writes.put(table, entry, document, transaction);
  } finally {
    table.drop(entry);
  }
}

function updateIn(session: Session, statement: UpdateStatement, progress: Progress): void {
  const { table, writes, transaction } = session;
  const change = changeOf(statement, session.now);
  for (const entry of matching(session, statement.filter)) {
    if (progress.seen.has(entry)) continue;
    const before = entry.seenBy(transaction);
    if (before === null) continue;
    const after = change(before, false);
    const changed = !equal(before, after);
    if (changed) writes.put(table, entry, after, transaction);
    progress.seen.add(entry);
    progress.matched++;
    if (changed) progress.modified++;
    if (!statement.multi) return;
  }
  if (progress.matched > 0 || !statement.upsert) return;
  progress.upsertedId = upsert(session, statement, change)['_id'];
}

function changeOf({ update, replace }: UpdateStatement, now: Date): Change {
  return replace ? compileReplacement(asDoc(update)) : compileUpdate(update, now);
}

function asDoc(value: unknown): Doc {
  if (typeof value === 'object' && value !== null) return { ...value };
  throw commandError({ code: 9, codeName: 'FailedToParse', errmsg: 'a replacement must be a document' });
}

function upsert(session: Session, { filter }: UpdateStatement, change: Change): Doc {
  const made = change(seedOf(filter), true);
  if (made['_id'] === undefined) throw new UnsupportedError('an upsert without _id');
  const { _id, ...fields } = made;
  const document = { _id, ...fields };
  insertOne(session, document);
  return document;
}
