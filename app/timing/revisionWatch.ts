import { errorFields, type Log } from '../domain/log';
import type { Revisions } from '../repository/revisions';

export interface RevisionWatchPorts {
  revisions: Pick<Revisions, 'watch'>;
  /** How many are live, this one included. */
  hosts(): number;
  log: Log;
}

/** How often it looks whether it needs a stream, and has it. */
const lookMs = 2000;
/** With more hosts the poll has to do: each stream costs mongod 6 µs for every write to whatever collection. */
const mostHosts = 4;

/**
 * Wakes the feed at each change of the revision by a change stream; the poll stays the net under it. A host that is alone
 * has no stream: what is written there it hears by IPC.
 */
export class RevisionWatch {
  private stream: { close(): Promise<void> } | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ports: RevisionWatchPorts,
    private readonly wake: () => void,
  ) {}

  start(): void {
    this.look();
    this.timer = setInterval(() => this.look(), lookMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.close();
  }

  private look(): void {
    const hosts = this.ports.hosts();
    const isWanted = hosts > 1 && hosts <= mostHosts;
    if (isWanted) this.stream ??= this.ports.revisions.watch(this.wake, error => this.broken(error));
    else void this.close();
  }

  private broken(error: unknown): void {
    this.ports.log.warn('revisionWatch.broken', errorFields(error));
    void this.close();
  }

  private async close(): Promise<void> {
    const { stream } = this;
    this.stream = null;
    await stream?.close().catch((error: unknown) => {
      this.ports.log.warn('revisionWatch.closeFailed', errorFields(error));
    });
  }
}
