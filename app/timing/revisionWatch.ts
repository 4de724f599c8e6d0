import { errorFields, type Log } from '../domain/log';
import type { Revisions } from '../repository/revisions';

const reopenMs = 2000;

/** Wakes the feed at each change of the revision by a change stream; the poll stays the net under it. */
export class RevisionWatch {
  private stream: { close(): Promise<void> } | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly revisions: Revisions,
    private readonly wake: () => void,
    private readonly log: Log,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.stream = this.revisions.watch(this.wake, error => this.reopen(error));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.stream?.close();
  }

  private reopen(error: unknown): void {
    this.log.warn('revisionWatch.broken', errorFields(error));
    const broken = this.stream;
    this.stream = null;
    void broken?.close().catch((failed: unknown) => this.log.warn('revisionWatch.closeFailed', errorFields(failed)));
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.start(), reopenMs);
  }
}
