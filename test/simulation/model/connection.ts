import { real } from './real';
import type { Call, ModelServer } from './server';
import type { ClientSession } from './session';
import type { Endpoint, Execute, Link } from './types';

/** What is asked of the server, and how. */
export interface Request {
  name: string;
  collection: string | null;
  write: boolean;
  /** May be asked again after an error that leaves its outcome open. */
  retryable: boolean;
  limitMs: number | null;
  session?: ClientSession | undefined;
}

const leastRetries = 2;
/** Where a network refuses without any time passing. */
const mostRetries = 1000;
/** What a server answers that is no primary now: the driver asks another. */
const retryableCodes = new Set<unknown>([6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** The way of one client to the server: round trips, their limits, and the second question after a lost answer. */
export class Connection {
  closed = false;

  constructor(
    readonly endpoint: Endpoint,
    private readonly appName: string,
  ) {}

  get server(): ModelServer {
    return this.endpoint.server;
  }

  get link(): Link {
    return this.endpoint.link;
  }

  /** What the command says of itself; in a transaction the first one opens it. */
  callOf(session: ClientSession | undefined): Call {
    return { appName: this.appName, session: session?.id ?? null, transaction: session?.stamp() ?? null };
  }

  async send<T>(request: Request, execute: Execute<T>): Promise<T> {
    if (this.closed) throw new real.MongoNotConnectedError('Client must be connected before running operations');
    if (request.session?.hasEnded) throw new real.MongoExpiredSessionError('Cannot use a session that has ended');
    const deadline = request.limitMs === null ? null : this.link.now() + request.limitMs;
    const inTransaction = request.session?.inTransaction() ?? false;
    const most = request.retryable && !inTransaction ? (deadline === null ? leastRetries : mostRetries) : 1;
    let first: unknown;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(request, execute, attempt, deadline);
      } catch (error) {
        first = attempt === 1 || answered(error) || isTimeout(error) ? error : first;
        if (attempt >= most || !mayRetry(error, request.write)) throw first;
      }
    }
  }

  private async once<T>(request: Request, execute: Execute<T>, attempt: number, deadline: number | null): Promise<T> {
    const { name, collection, write, session, limitMs } = request;
    const left = deadline === null ? null : deadline - this.link.now();
    if (left !== null && left <= 0) throw new real.MongoOperationTimeoutError(`Timed out after ${limitMs}ms`);
    const inTransaction = session?.inTransaction() ?? false;
    const operation = { name, collection, write, session: session?.id ?? null, inTransaction, limitMs: left, attempt };
    try {
      const answer = await this.link.call(operation, execute);
      session?.heard();
      return answer;
    } catch (error) {
      if (answered(error)) session?.heard();
      throw decorated(error, name, inTransaction);
    }
  }
}

/** The server has said it, not the network. */
function answered(error: unknown): boolean {
  return error instanceof real.MongoServerError;
}

function isTimeout(error: unknown): boolean {
  return error instanceof real.MongoOperationTimeoutError;
}

/** Labels of an error of the network as the driver gives them. */
function decorated(error: unknown, name: string, inTransaction: boolean): unknown {
  if (!(error instanceof real.MongoNetworkError)) return error;
  const ends = name === 'commitTransaction' || name === 'abortTransaction';
  error.addErrorLabel(inTransaction && !ends ? 'TransientTransactionError' : 'RetryableWriteError');
  return error;
}

function mayRetry(error: unknown, write: boolean): boolean {
  if (!(error instanceof real.MongoError)) return false;
  if (write) return error.hasErrorLabel('RetryableWriteError');
  return error instanceof real.MongoNetworkError || retryableCodes.has(error.code);
}
