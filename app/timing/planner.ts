import type { FeedHandler } from '../cluster/definitionFeed';
import type { Jobs, StoredJob } from '../repository/jobs';
import type { DefinitionKind } from '../repository/revisions';
import { Pacer } from './pacer';
import type { Timekeeper } from './timekeeper';

/** Brings changed jobs into the timekeeper; sources and channels are read at each use and need nothing here. */
export class Planner implements FeedHandler {
  constructor(
    private readonly jobs: Jobs,
    private readonly timekeeper: Timekeeper,
  ) {}

  async loadAll(): Promise<void> {
    this.timekeeper.retain(await this.applyAll(this.jobs.all()));
  }

  async loadSince(revision: number): Promise<void> {
    await this.applyAll(this.jobs.changedSince(revision));
  }

  async loadOne(kind: DefinitionKind, name: string): Promise<void> {
    if (kind !== 'job') return;
    const stored = await this.jobs.byName(name);
    if (stored === null) this.timekeeper.remove(name);
    else this.apply(stored);
  }

  /** In slices: a thousand documents of one answer would come without a turn for anything else. Answers the live names. */
  private async applyAll(all: AsyncIterable<StoredJob>): Promise<Set<string>> {
    const names = new Set<string>();
    const pacer = new Pacer();
    for await (const stored of all) {
      if (!stored.deleted) names.add(stored.job.name);
      this.apply(stored);
      if (pacer.isLong) await pacer.pause();
    }
    return names;
  }

  private apply(stored: StoredJob): void {
    if (stored.deleted) this.timekeeper.remove(stored.name);
    else this.timekeeper.upsert(stored.job);
  }
}
