import { EventEmitter } from 'node:events';
import type { Connection } from './connection';
import { real } from './real';
import type { StoredEvent } from './server';
import type { Execute } from './types';

/**
 * The changes of a collection from its opening on, as they are committed. Events tell what was changed and how
 * (`operationType`, `documentKey`), and nothing of the document. It goes on by itself after an error of the network, from
 * where it was; where that fails too it ends with `error`.
 */
export class ChangeStream extends EventEmitter {
  closed = false;
  private position: number | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
    private readonly limitMs: number | null,
  ) {
    super();
    this.once('newListener', () => void this.follow());
  }

  async close(): Promise<void> {
    this.closed = true;
    this.removeAllListeners();
  }

  private async follow(): Promise<void> {
    try {
      while (!this.closed) for (const event of await this.next()) this.tell(event);
    } catch (error) {
      if (this.closed) return;
      this.closed = true;
      this.emit('error', error);
    }
  }

  private tell(event: StoredEvent): void {
    if (!this.closed) this.emit('change', { ...event });
  }

  /** Opens the stream where it is not, and waits for the next events. */
  private async next(): Promise<StoredEvent[]> {
    if (this.position === null) await this.open();
    const from = this.position ?? 0;
    try {
      const events = await this.ask('getMore', () => this.connection.server.eventsAfter(this.namespace, from), false);
      this.position = from + events.length;
      return events;
    } catch (error) {
      if (!isResumable(error)) throw error;
      return await this.resumed(from, error);
    }
  }

  /** Asks for the position after what was heard last; the first fault is what is told of where that fails. */
  private async resumed(from: number, fault: unknown): Promise<StoredEvent[]> {
    try {
      await this.ask('aggregate', () => from, true);
      return [];
    } catch (error) {
      if (error instanceof real.MongoError) throw fault;
      throw error;
    }
  }

  private async open(): Promise<void> {
    this.position = await this.ask('aggregate', () => this.connection.server.watch(this.namespace), true);
  }

  private async ask<T>(name: string, execute: Execute<T>, retryable: boolean): Promise<T> {
    const collection = this.namespace.slice(this.namespace.indexOf('.') + 1);
    return await this.connection.send({ name, collection, write: false, retryable, limitMs: this.limitMs }, execute);
  }
}

function isResumable(error: unknown): boolean {
  if (!(error instanceof real.MongoError)) return false;
  return error instanceof real.MongoNetworkError || error.hasErrorLabel('ResumableChangeStreamError');
}
