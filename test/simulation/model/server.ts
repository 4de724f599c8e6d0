import { MustWait } from './locks';
import { commandError } from './real';
import { Table, type Transaction } from './table';
import { Blocked, type Doc, type Execute, type Outcome, type ServerDoor } from './types';
import { type Committed, Writes } from './writes';

export interface ModelServerOptions {
  /** MongoDB's wall clock in ms: what $$NOW is. */
  now(): number;
  /** What the age of transactions is counted by, in ms. Default: now. */
  monotonic?(): number;
  /** Hears of every document that is committed, within the call that commits it. */
  committed?(change: Committed): void;
}

/** What a command says of itself. */
export interface Call {
  /** What the client calls itself. */
  readonly appName: string;
  readonly session: string | null;
  /** `first`: it opens the transaction. */
  readonly transaction: { readonly number: number; readonly first: boolean } | null;
}

/** What a change stream hears of. */
export interface StoredEvent {
  readonly operationType: 'insert' | 'update' | 'delete';
  readonly documentKey: { readonly _id: unknown };
}

interface Waiting {
  readonly blocked: Blocked;
  attempt(): void;
}

/** transactionLifetimeLimitSeconds. */
const transactionLifetimeMs = 60_000;

/** One replica set in memory. Everything in it happens within a call, in the order of calls: no timers, no randomness. */
export class ModelServer implements ServerDoor {
  private readonly tables = new Map<string, Table>();
  private readonly events = new Map<string, StoredEvent[]>();
  private readonly sessions = new Map<string, Transaction>();
  private readonly writes = new Writes(change => this.keep(change));
  private waiting: Waiting[] = [];
  private waking = false;
  private drawnSessions = 0;

  constructor(private readonly options: ModelServerOptions) {}

  serve<T>(execute: Execute<T>, settled: (outcome: Outcome<T>) => void): () => void {
    this.endOverdue();
    let over = false;
    const attempt = () => {
      if (over) return;
      const outcome = attempted(execute);
      if (outcome instanceof Blocked) {
        this.waiting.push({ blocked: outcome, attempt });
        return;
      }
      over = true;
      settled(outcome);
    };
    attempt();
    this.wake();
    return () => {
      over = true;
    };
  }

  /** The id of a new session. */
  nextSessionId(): string {
    this.drawnSessions += 1;
    return `session-${this.drawnSessions}`;
  }

  /** MongoDB's time. */
  now(): Date {
    return new Date(this.options.now());
  }

  /** Runs a command, in its transaction if it has one: an error ends that. */
  run<T>(call: Call, command: (writes: Writes, transaction: Transaction | null, now: Date) => T): T | Blocked {
    const transaction = this.transactionOf(call);
    try {
      return command(this.writes, transaction, this.now());
    } catch (error) {
      if (error instanceof MustWait) return error.blocked;
      if (transaction !== null) this.writes.abort(transaction);
      throw error;
    }
  }

  /** The transaction ends, as it does with a command in it that fails. */
  abortOf(call: Call): void {
    const transaction = call.session === null ? undefined : this.sessions.get(call.session);
    if (transaction?.state === 'open') this.writes.abort(transaction);
  }

  commit(call: Call): void {
    const transaction = this.known(call);
    if (transaction.state === 'aborted') throw noSuchTransaction(transaction.number, 'has been aborted');
    if (transaction.state === 'open') this.writes.commit(transaction);
  }

  abort(call: Call): void {
    const transaction = this.known(call);
    if (transaction.state !== 'open') throw noSuchTransaction(transaction.number, `has been ${transaction.state}`);
    this.writes.abort(transaction);
  }

  /** Ends the open transactions of these sessions. */
  killSessions(sessions: readonly unknown[]): void {
    for (const transaction of [...this.writes.transactions]) {
      if (sessions.includes(transaction.session)) this.writes.abort(transaction);
    }
  }

  /** Another node becomes primary: what was committed stays, open transactions are gone. */
  election(): void {
    for (const transaction of [...this.writes.transactions]) this.writes.abort(transaction);
    this.wake();
  }

  /** What $currentOp tells of open transactions. */
  idleSessions(): Doc[] {
    return [...this.writes.transactions].map(({ session, appName, openedAt }) => ({
      type: 'idleSession',
      appName,
      lsid: { id: session },
      transaction: { timeOpenMicros: (this.monotonic() - openedAt) * 1000 },
    }));
  }

  /** The collection; made where it does not exist yet. */
  table(namespace: string): Table {
    let table = this.tables.get(namespace);
    if (table === undefined) {
      table = new Table(namespace);
      this.tables.set(namespace, table);
    }
    return table;
  }

  /** Whether the collection exists. */
  has(namespace: string): boolean {
    return this.tables.has(namespace);
  }

  /** The names of a database's collections. */
  collections(database: string): string[] {
    const prefix = `${database}.`;
    return [...this.tables.keys()].filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length));
  }

  drop(database: string): void {
    for (const name of this.collections(database)) this.tables.delete(`${database}.${name}`);
  }

  /** From now on the events of the collection are kept; answers how many there were. */
  watch(namespace: string): number {
    const kept = this.events.get(namespace);
    if (kept === undefined) this.events.set(namespace, []);
    return kept?.length ?? 0;
  }

  /** The events after this many; waits while there are none. */
  eventsAfter(namespace: string, position: number): StoredEvent[] | Blocked {
    const kept = this.events.get(namespace) ?? [];
    return kept.length > position ? kept.slice(position) : new Blocked(() => kept.length > position);
  }

  private keep({ table, entry, before, after }: Committed): void {
    this.options.committed?.({ table, entry, before, after });
    const operationType = before === null ? 'insert' : after === null ? 'delete' : 'update';
    this.events.get(table.name)?.push({ operationType, documentKey: { _id: entry.id } });
  }

  private transactionOf({ session, transaction, appName }: Call): Transaction | null {
    if (transaction === null || session === null) return null;
    const known = this.sessions.get(session);
    if (transaction.first && (known === undefined || known.number < transaction.number)) {
      if (known?.state === 'open') this.writes.abort(known);
      const opened = this.writes.begin(session, transaction.number, this.monotonic(), appName);
      this.sessions.set(session, opened);
      return opened;
    }
    if (known?.number === transaction.number && known.state === 'open' && !transaction.first) return known;
    throw noSuchTransaction(transaction.number, 'is not in progress');
  }

  private known({ session, transaction }: Call): Transaction {
    const known = session === null ? undefined : this.sessions.get(session);
    if (known !== undefined && known.number === transaction?.number) return known;
    throw noSuchTransaction(transaction?.number ?? 0, 'is not in progress');
  }

  private monotonic(): number {
    return (this.options.monotonic ?? this.options.now)();
  }

  private endOverdue(): void {
    for (const transaction of [...this.writes.transactions]) {
      if (this.monotonic() - transaction.openedAt > transactionLifetimeMs) this.writes.abort(transaction);
    }
  }

  /** Runs again what waited and need not wait any more, in the order of arrival. */
  private wake(): void {
    if (this.waking) return;
    this.waking = true;
    for (let ready = this.takeReady(); ready.length > 0; ready = this.takeReady()) {
      for (const { attempt } of ready) attempt();
    }
    this.waking = false;
  }

  private takeReady(): Waiting[] {
    if (this.waiting.length === 0) return [];
    const ready = this.waiting.filter(({ blocked }) => blocked.ready());
    if (ready.length > 0) this.waiting = this.waiting.filter(one => !ready.includes(one));
    return ready;
  }
}

function attempted<T>(execute: Execute<T>): Outcome<T> | Blocked {
  try {
    const value = execute();
    return value instanceof Blocked ? value : { value };
  } catch (error) {
    return { error };
  }
}

function noSuchTransaction(number: number, why: string): Error {
  return commandError({
    code: 251,
    codeName: 'NoSuchTransaction',
    errmsg: `Transaction with { txnNumber: ${number} } ${why}.`,
    errorLabels: ['TransientTransactionError'],
  });
}
