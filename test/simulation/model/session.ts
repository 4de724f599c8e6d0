import type { Connection } from './connection';
import { real } from './real';
import { UnsupportedError } from './types';

type State = 'none' | 'starting' | 'inProgress' | 'committed' | 'committedEmpty' | 'aborted';

export interface SessionOptions {
  defaultTimeoutMS?: number;
  causalConsistency?: boolean;
}

/** As the driver's: what it tells the server of a transaction depends on what it has heard of it. */
export class ClientSession {
  readonly id: string;
  hasEnded = false;
  private state: State = 'none';
  private number = 0;

  constructor(
    private readonly connection: Connection,
    private readonly options: SessionOptions,
  ) {
    const { defaultTimeoutMS: _limit, causalConsistency: _causal, ...others } = options;
    if (Object.keys(others).length > 0) throw new UnsupportedError(`the option ${Object.keys(others)[0]} of a session`);
    this.id = connection.server.nextSessionId();
  }

  inTransaction(): boolean {
    return this.state === 'starting' || this.state === 'inProgress';
  }

  startTransaction(_options?: unknown): void {
    if (this.inTransaction()) throw new real.MongoTransactionError('Transaction already in progress');
    this.number++;
    this.state = 'starting';
  }

  /** What a command in this session says of its transaction. */
  stamp(): { number: number; first: boolean } | null {
    if (!this.inTransaction()) {
      this.state = 'none';
      return null;
    }
    return { number: this.number, first: this.state === 'starting' };
  }

  /** The server has answered: it knows of the transaction. */
  heard(): void {
    if (this.state === 'starting') this.state = 'inProgress';
  }

  async commitTransaction(options: { timeoutMS?: number } = {}): Promise<void> {
    if (this.state === 'none') throw new real.MongoTransactionError('No transaction started');
    if (this.state === 'aborted') {
      throw new real.MongoTransactionError('Cannot call commitTransaction after calling abortTransaction');
    }
    if (this.state === 'starting' || this.state === 'committedEmpty') {
      this.state = 'committedEmpty';
      return;
    }
    try {
      await this.twice('commitTransaction', options.timeoutMS ?? this.options.defaultTimeoutMS ?? null);
    } catch (error) {
      if (isRetryable(error)) error.addErrorLabel('UnknownTransactionCommitResult');
      throw error;
    } finally {
      this.state = 'committed';
    }
  }

  /** Errors are nothing to the caller: the server ends the transaction by itself. */
  async abortTransaction(options: { timeoutMS?: number } = {}): Promise<void> {
    if (this.state === 'none') throw new real.MongoTransactionError('No transaction started');
    if (this.state === 'aborted') throw new real.MongoTransactionError('Cannot call abortTransaction twice');
    if (this.state !== 'starting' && this.state !== 'inProgress') {
      throw new real.MongoTransactionError('Cannot call abortTransaction after calling commitTransaction');
    }
    try {
      if (this.state === 'inProgress') {
        await this.twice('abortTransaction', options.timeoutMS ?? this.options.defaultTimeoutMS ?? null);
      }
    } catch (error) {
      if (!(error instanceof real.MongoError)) throw error;
    } finally {
      this.state = 'aborted';
    }
  }

  async endSession(): Promise<void> {
    try {
      if (this.inTransaction()) await this.abortTransaction();
    } finally {
      this.hasEnded = true;
    }
  }

  private async twice(name: 'commitTransaction' | 'abortTransaction', limitMs: number | null): Promise<void> {
    const call = {
      ...this.connection.callOf(undefined),
      session: this.id,
      transaction: { number: this.number, first: false },
    };
    const { server } = this.connection;
    const execute = () => (name === 'commitTransaction' ? server.commit(call) : server.abort(call));
    const request = { name, collection: null, write: true, retryable: false, limitMs, session: this };
    try {
      await this.connection.send(request, execute);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      await this.connection.send(request, execute);
    }
  }
}

function isRetryable(error: unknown): error is InstanceType<typeof real.MongoError> {
  return error instanceof real.MongoError && error.hasErrorLabel('RetryableWriteError');
}
