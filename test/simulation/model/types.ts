import type { ModelServer } from './server';

/** A document, a filter, an update or an answer as the driver hands it over. */
export type Doc = Record<string, unknown>;

/** One round trip of the driver, as the network of the simulation sees it. */
export interface Operation {
  /** The command: `find`, `insert`, `update`, `commitTransaction`, … */
  readonly name: string;
  readonly collection: string | null;
  readonly write: boolean;
  /** The explicit session that it belongs to; null where the driver makes one by itself. */
  readonly session: string | null;
  /** Inside a transaction: the driver does not ask a second time. */
  readonly inTransaction: boolean;
  /** What is left of its limit in ms, counted from this call; null waits for ever. */
  readonly limitMs: number | null;
  /** 1, then one more for each time that the driver asks again after an error that it may retry. */
  readonly attempt: number;
}

/**
 * Runs a command at the server: answers, throws what the server says, or answers that it has to wait. May run again: a
 * write that has happened answers what it answered then.
 */
export type Execute<T> = () => T | Blocked;

/** The command waits for the end of another's transaction, or for the next event of a change stream. */
export class Blocked {
  constructor(readonly ready: () => boolean) {}
}

/** What a command came to at the server. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * The network between one process and the server, provided by the simulation. `call` lets `server.serve(execute, …)` run
 * when the request arrives, if it arrives, and settles when the answer does, if it does; else it rejects with what the
 * real driver would throw, labels included: MongoNetworkError, MongoServerSelectionError, MongoOperationTimeoutError.
 */
export interface Link {
  /** The monotonic clock of the process in ms: what limits are counted by. */
  now(): number;
  call<T>(operation: Operation, execute: Execute<T>): Promise<T>;
}

/** Where a URL leads in one simulated process. */
export interface Endpoint {
  readonly server: ModelServer;
  readonly link: Link;
}

/** What a link needs of the server. */
export interface ServerDoor {
  /**
   * A request has arrived. `settled` is called once: within this call, or as soon as what it waits for has happened. The
   * answer takes a request back that waits (its limit has passed, its process or connection is gone).
   */
  serve<T>(execute: Execute<T>, settled: (outcome: Outcome<T>) => void): () => void;
}

/** What the model does not know. It never guesses: a simulation that meets this is to be taught. */
export class UnsupportedError extends Error {
  readonly code = 'unsupportedByModel';

  constructor(what: string) {
    super(`The model of MongoDB does not know ${what}: teach it, with a case in its contract, or do without.`);
    this.name = 'UnsupportedError';
  }
}
