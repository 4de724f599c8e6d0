import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientSession, MongoError, type TransactionOptions } from 'mongodb';

/** WriteConflict, LockTimeout, SnapshotUnavailable: another transaction was faster; nothing of this one happened. */
const conflictCodes: unknown[] = [112, 24, 246];
const longestPauseMs = 20;
/** A server that is away ends the transaction by itself: who waits for an answer need not wait for that too. */
const abortMs = 300;
const leastCommitMs = 300;

/**
 * Runs fn in a transaction, again after a conflict with another one until limitMs have passed. The driver's own
 * withTransaction waits longer after each conflict, up to half a second, so that one of many short writers starves;
 * here each waits about as long as a transaction takes. Other faults are thrown: asking again is the caller's.
 */
export async function inTransaction<T>(
  session: ClientSession,
  fn: (session: ClientSession) => Promise<T>,
  options: TransactionOptions,
  limitMs: number,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let attempt = 1; ; attempt += 1) {
    session.startTransaction(options);
    try {
      const value = await fn(session);
      if (session.inTransaction()) await commit(session, deadline);
      return value;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction({ timeoutMS: abortMs });
      if (!isConflict(error) || performance.now() > deadline) throw error;
    }
    await sleep(Math.random() * Math.min(attempt * 4, longestPauseMs));
  }
}

/** A commit of unknown outcome is asked for again: committing twice is committing once. */
async function commit(session: ClientSession, deadline: number): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction({ timeoutMS: Math.max(Math.ceil(deadline - performance.now()), leastCommitMs) });
      return;
    } catch (error) {
      const unknown = error instanceof MongoError && error.hasErrorLabel('UnknownTransactionCommitResult');
      if (!unknown || performance.now() > deadline) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof MongoError && conflictCodes.includes(error.code);
}
