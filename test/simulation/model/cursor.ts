import { sortOf } from './aggregate';
import type { Collection, FindOptions } from './collection';
import type { Query } from './finding';
import { refuseUnknown } from './options';
import { Blocked, type Doc, type Execute } from './types';

/** Documents of a first answer when nobody says how many. */
const firstBatch = 101;
const known = ['sort', 'skip', 'limit', 'projection', 'hint', 'batchSize', 'timeoutMode'];

/** A list that comes in one answer. */
export class ListCursor implements AsyncIterable<Doc> {
  constructor(private readonly load: () => Promise<Doc[]>) {}

  async toArray(): Promise<Doc[]> {
    return await this.load();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Doc> {
    yield* await this.load();
  }
}

/**
 * The documents of a find, batch by batch, each a round trip. All stand as they stood when the first was answered, which
 * is one of the things that MongoDB may do.
 */
export class FindCursor implements AsyncIterable<Doc> {
  private waiting: Doc[] = [];
  private atServer: Doc[] = [];
  private open = true;
  private started = false;
  private deadline: number | null = null;
  private readonly maps: ((document: Doc) => Doc)[] = [];

  constructor(
    private readonly collection: Collection,
    private readonly filter: Doc,
    private options: FindOptions,
  ) {
    refuseUnknown(options, 'find', known);
  }

  sort(sort: unknown): this {
    return this.having({ sort });
  }

  limit(limit: number): this {
    return this.having({ limit });
  }

  skip(skip: number): this {
    return this.having({ skip });
  }

  project(projection: Doc): this {
    return this.having({ projection });
  }

  hint(hint: string): this {
    return this.having({ hint });
  }

  batchSize(batchSize: number): this {
    return this.having({ batchSize });
  }

  /** What the documents come out as, behind whatever was said before. */
  map(change: (document: Doc) => Doc): this {
    this.maps.push(change);
    return this;
  }

  async next(): Promise<Doc | null> {
    while (this.waiting.length === 0 && this.open) await this.more();
    return this.waiting.shift() ?? null;
  }

  async toArray(): Promise<Doc[]> {
    const all: Doc[] = [];
    while (this.open) {
      await this.more();
      all.push(...this.waiting);
      this.waiting = [];
    }
    return all;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Doc> {
    try {
      for (let document = await this.next(); document !== null; document = await this.next()) yield document;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.open = false;
    this.waiting = [];
  }

  private having(options: FindOptions): this {
    this.options = { ...this.options, ...options };
    return this;
  }

  private async more(): Promise<void> {
    if (this.started) await this.ask('getMore', () => this.take());
    else await this.first();
  }

  private async first(): Promise<void> {
    const query = this.query();
    const { session } = this.options;
    const call = this.collection.connection.callOf(session);
    this.deadline = this.limitFromNow();
    await this.ask('find', () => {
      const found = this.collection.commands.find(call, query);
      if (found instanceof Blocked) return found;
      this.atServer = found;
      return this.take();
    });
    this.started = true;
  }

  /** One batch, at the server. What fills a batch is not known to be the last, unless the limit says so. */
  private take(): { batch: Doc[]; open: boolean } {
    const size = this.options.batchSize ?? (this.started ? this.atServer.length : firstBatch);
    const batch = this.atServer.slice(0, size);
    this.atServer = this.atServer.slice(size);
    const whole = this.started || this.options.limit === undefined || batch.length < this.options.limit;
    return { batch, open: this.atServer.length > 0 || (batch.length === size && size > 0 && whole) };
  }

  private async ask(name: string, execute: Execute<{ batch: Doc[]; open: boolean }>): Promise<void> {
    const limitMs = this.options.timeoutMode === 'iteration' ? this.collection.limitOf(this.options) : this.left();
    const { batch, open } = await this.collection.read(name, this.options, execute, limitMs);
    this.waiting =
      this.maps.length === 0 ? batch : batch.map(one => this.maps.reduce((now, change) => change(now), one));
    this.open = open;
  }

  private query(): Query {
    const { sort, skip, limit, projection, hint } = this.options;
    return {
      filter: this.filter,
      ...(sort === undefined ? {} : { sort: sortOf(sort) }),
      ...(skip === undefined ? {} : { skip }),
      ...(limit === undefined ? {} : { limit }),
      ...(projection === undefined ? {} : { projection }),
      ...(hint === undefined ? {} : { hint }),
    };
  }

  private limitFromNow(): number | null {
    const limitMs = this.collection.limitOf(this.options);
    return limitMs === null ? null : this.collection.connection.link.now() + limitMs;
  }

  /** What is left of the limit that counts for the whole cursor. */
  private left(): number | null {
    return this.deadline === null ? null : Math.max(this.deadline - this.collection.connection.link.now(), 0);
  }
}
