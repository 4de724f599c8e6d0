import { errorFields, type Log } from '../domain/log';
import type { ConfigChanged } from '../ipc/messages';
import type { DefinitionKind, Revisions } from '../repository/revisions';
import type { Clock } from './types';

export interface FeedHandler {
  /** Loads everything anew. Called at the start and when this member was away for longer than tombstones are kept. */
  loadAll(): Promise<void>;
  /** Brings every definition of these kinds that has a higher revision into force, tombstones too. */
  loadSince(revision: number): Promise<void>;
  /** Brings one definition into force. */
  loadOne(kind: DefinitionKind, name: string): Promise<void>;
}

/** Longer without a successful look than this, and a tombstone may have been missed: they are kept for a day more. */
export const longestAwayMs = 6 * 86_400_000;

export interface FeedOptions {
  pollMs: number;
  /** longestAwayMs. */
  tombstoneMs: number;
}

/**
 * Keeps one member at the newest definitions. The counter is read first, then everything with a higher revision;
 * `applied` moves to the counter that was read, never to the highest revision met, so nothing in between is skipped.
 */
export class DefinitionFeed {
  /** Everything up to this revision is in force here; −1 before the first load. */
  applied = -1;
  /** Every definition that was committed by then is in force here: MongoDB's time in ms, −∞ before the first load. */
  seenAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private lookedAt = 0;
  /** A look that waits for its turn sees whatever was written until then: further ones would see the same. */
  private lookWaits = false;
  private stopped = false;

  constructor(
    private readonly revisions: Revisions,
    private readonly handler: FeedHandler,
    private readonly applyReport: (revision: number) => Promise<void>,
    private readonly options: FeedOptions,
    private readonly log: Log,
    private readonly monotonic: () => number = () => performance.now(),
    /** MongoDB's time, where `seenAt` is asked for. */
    private readonly clock: Clock = { now: () => new Date() },
  ) {}

  /** Looks now and then every pollMs until stopped; keeps trying while MongoDB is away. */
  start(): void {
    void this.look().finally(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.start(), this.options.pollMs);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  /** One look at the counter and what lies behind it; looks never overlap. Errors are logged, the next look repeats. */
  look(): Promise<void> {
    if (this.lookWaits) return this.work;
    this.lookWaits = true;
    return this.queue(() => {
      this.lookWaits = false;
      return this.catchUp();
    });
  }

  /** A definition was written on this host: reload just that one, and move on only when nothing lies between. */
  hint(change: ConfigChanged): Promise<void> {
    return this.queue(async () => {
      if (this.applied < 0) return await this.catchUp();
      await this.handler.loadOne(change.kind, change.name);
      if (change.revision === this.applied + 1) await this.advance(change.revision);
      else if (change.revision > this.applied) await this.catchUp();
    });
  }

  private queue(step: () => Promise<void>): Promise<void> {
    this.work = this.work.then(step).catch((error: unknown) => {
      this.log.warn('feed.failed', { applied: this.applied, ...errorFields(error) });
    });
    return this.work;
  }

  private async catchUp(): Promise<void> {
    const startedAt = this.monotonic();
    const seenAt = this.clock.now().getTime();
    const revision = await this.revisions.current();
    const awayTooLong = startedAt - this.lookedAt > this.options.tombstoneMs;
    if (this.applied < 0 || awayTooLong || revision < this.applied) await this.handler.loadAll();
    else if (revision > this.applied) await this.handler.loadSince(this.applied);
    this.lookedAt = startedAt;
    this.seenAt = seenAt;
    if (revision !== this.applied) await this.advance(revision);
  }

  private async advance(revision: number): Promise<void> {
    this.applied = revision;
    await this.applyReport(revision);
  }
}
