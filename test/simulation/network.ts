import type { MongoError } from 'mongodb';
import { real } from './model/real';
import type { Execute, Link, Operation, Outcome, ServerDoor } from './model/types';
import type { SimProcess } from './process';

/** How the network and the server are now: what a link asks at each request. */
export interface Conditions {
  /** Usual time of one way in ms. */
  wayMs: number;
  /** Share of requests that are lost before they arrive, with an error to the client. */
  lostBefore: number;
  /** Share of requests that are executed, and whose answer is lost. */
  lostAfter: number;
}

/** Where a process and the server are connected, or not. */
export interface Route {
  conditions(): Conditions;
  /** Nothing passes in either direction, and nobody is told: `go` runs when TCP has got it through after all. */
  afterCut(go: () => void): void;
  /** Nobody listens, or nobody is primary. */
  readonly isDown: boolean;
  /** Requests under way: a server that goes down breaks their connections. */
  readonly outstanding: Set<{ broken(): void }>;
}

/** The driver's limit of the search for a server, as the product sets it. */
export interface LinkLimits {
  serverSelectionMs: number;
}

/** While no server is there the driver looks again so often. */
const lookMs = 100;
/** What was sent before the calm has arrived soon after it began: also the end of a transaction that holds a record. */
const longestWayMs = 1500;

/** One process's way to MongoDB: delays, losses before and after the execution, silence, and a server that is away. */
export class SimulatedLink implements Link {
  constructor(
    private readonly process: SimProcess,
    private readonly server: ServerDoor,
    private readonly route: Route,
    private readonly limits: LinkLimits,
  ) {}

  now(): number {
    return this.process.monotonic();
  }

  async call<T>(operation: Operation, execute: Execute<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      new Request(this.process, this.server, this.route, operation, execute, { resolve, reject }).begin(this.limits);
    });
  }
}

interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** One request on its way and back. */
class Request<T> {
  private ended = false;
  /** Its connection is closed: neither the request nor the answer arrives any more. */
  private isBroken = false;
  private takeBack: () => void = () => undefined;
  private limit: ReturnType<SimProcess['setTimer']> | undefined;

  constructor(
    private readonly process: SimProcess,
    private readonly server: ServerDoor,
    private readonly route: Route,
    private readonly operation: Operation,
    private readonly execute: Execute<T>,
    private readonly settle: Settle<T>,
  ) {}

  /** The server has gone down: whether this was executed is unknown here. */
  broken(): void {
    const { timeline, random } = this.process.world;
    this.route.outstanding.delete(this);
    this.takeBack();
    this.takeBack = () => undefined;
    this.isBroken = true;
    this.process.arrive(timeline.now + random.span(1), 'broken', this.label, () =>
      this.fail(this.networkError('down')),
    );
  }

  begin({ serverSelectionMs }: LinkLimits): void {
    const { limitMs } = this.operation;
    if (limitMs !== null) {
      const run = () => this.fail(timeoutError(limitMs));
      this.limit = this.process.setTimer(run, Math.max(limitMs, 0), false);
    }
    this.select(this.process.monotonic() + serverSelectionMs);
  }

  private get label(): string {
    const { name, collection } = this.operation;
    return collection === null ? name : `${collection}.${name}`;
  }

  /** The driver looks for a primary. */
  private select(until: number): void {
    if (this.ended) return;
    if (!this.route.isDown) this.send();
    else if (this.process.monotonic() >= until) this.fail(selectionError());
    else this.process.setTimer(() => this.select(until), lookMs, false);
  }

  private send(): void {
    const { timeline, random } = this.process.world;
    const { wayMs, lostBefore } = this.route.conditions();
    this.route.outstanding.add(this);
    const way = Math.min(random.span(wayMs), longestWayMs);
    if (random.chance(lostBefore)) {
      this.process.arrive(timeline.now + way, 'lost', this.label, () => this.fail(this.networkError('before')));
      return;
    }
    timeline.in(way, () => this.route.afterCut(() => this.reach(way)));
  }

  /** The request arrives, also where its process has given it up or is gone. */
  private reach(way: number): void {
    const { timeline, random, trace } = this.process.world;
    if (this.isBroken) return;
    if (this.route.isDown) {
      const refused = () => this.fail(this.networkError('refused'));
      this.process.arrive(timeline.now + way, 'refused', this.label, refused);
      return;
    }
    const { wayMs } = this.route.conditions();
    trace.add('mongod', 'request', this.label, () => this.process.name);
    this.takeBack = this.server.serve(this.execute, outcome => {
      this.answer(outcome, Math.min(random.span(wayMs), longestWayMs));
    });
    if (this.ended || !this.process.alive) this.takeBack();
  }

  private answer(outcome: Outcome<T>, way: number): void {
    this.takeBack = () => undefined;
    if (this.isBroken || this.ended) return;
    const { timeline, random } = this.process.world;
    const isLost = random.chance(this.route.conditions().lostAfter);
    const came: Outcome<T> = isLost ? { error: this.networkError('after') } : outcome;
    this.route.afterCut(() => {
      this.process.arrive(timeline.now + way, isLost ? 'lost' : 'answer', this.label, () => {
        if (this.isBroken) return;
        if ('error' in came) this.fail(came.error);
        else this.end(() => this.settle.resolve(came.value));
      });
    });
  }

  private fail(error: unknown): void {
    this.end(() => this.settle.reject(error));
  }

  private end(settle: () => void): void {
    if (this.ended) return;
    this.ended = true;
    this.route.outstanding.delete(this);
    this.process.clearTimer(this.limit);
    this.takeBack();
    settle();
  }

  /** With the labels by which the driver and the product know what may be asked again. */
  private networkError(when: 'before' | 'after' | 'refused' | 'down'): MongoError {
    const error = new real.MongoNetworkError(`connection closed (${when})`);
    const { name, write, inTransaction } = this.operation;
    const isEnd = name === 'commitTransaction' || name === 'abortTransaction';
    if (inTransaction && !isEnd) error.addErrorLabel('TransientTransactionError');
    else if (write || isEnd) error.addErrorLabel('RetryableWriteError');
    if (name === 'commitTransaction') error.addErrorLabel('UnknownTransactionCommitResult');
    return error;
  }
}

function timeoutError(limitMs: number): MongoError {
  return new real.MongoOperationTimeoutError(`Timed out after ${limitMs} ms`);
}

/** Its second argument is the driver's own topology, which is not exported; of it only the error is looked at. */
function selectionError(): MongoError {
  const error: MongoError = Reflect.construct(real.MongoServerSelectionError, [
    'No primary was found.',
    { error: null },
  ]);
  return error;
}
