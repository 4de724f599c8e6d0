import type { FeedHandler } from '../cluster/definitionFeed';
import type { Jobs, StoredJob } from '../repository/jobs';
import type { DefinitionKind } from '../repository/revisions';
import type { Timekeeper } from './timekeeper';

/** Brings changed jobs into the timekeeper; sources and channels are read at each use and need nothing here. */
export class Planner implements FeedHandler {
  constructor(
    private readonly jobs: Jobs,
    private readonly timekeeper: Timekeeper,
  ) {}

  async loadAll(): Promise<void> {
    const names = new Set<string>();
    for await (const stored of this.jobs.all()) {
      if (!stored.deleted) names.add(stored.job.name);
      this.apply(stored);
    }
    this.timekeeper.retain(names);
  }

  async loadSince(revision: number): Promise<void> {
    for await (const stored of this.jobs.changedSince(revision)) this.apply(stored);
  }

  async loadOne(kind: DefinitionKind, name: string): Promise<void> {
    if (kind !== 'job') return;
    const stored = await this.jobs.byName(name);
    if (stored === null) this.timekeeper.remove(name);
    else this.apply(stored);
  }

  private apply(stored: StoredJob): void {
    if (stored.deleted) this.timekeeper.remove(stored.name);
    else this.timekeeper.upsert(stored.job);
  }
}
