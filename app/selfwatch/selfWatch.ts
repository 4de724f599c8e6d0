import { atMost } from '../cluster/boot';
import { errorFields, type Log } from '../domain/log';
import type { Seen } from '../domain/selfWatch/troubles';
import type { SelfObservations, StoredChannel } from '../repository/selfObservations';
import type { DatabaseAbsence } from './databaseAbsence';
import type { SelfChannel } from './selfChannel';
import type { KeptChannel, SelfFile } from './selfFile';
import type { SharedTroubles } from './sharedTroubles';
import type { Wakefulness } from './wakefulness';

export interface SelfWatchPorts {
  hostId: string;
  observations: SelfObservations;
  channel: SelfChannel;
  file: SelfFile;
  absence: DatabaseAbsence;
  shared: SharedTroubles;
  wakefulness: Wakefulness;
  /** A stored channel with its secrets opened. Throws SettingsError where the key does not fit. */
  openChannel: (stored: StoredChannel) => KeptChannel;
  /** Live hosts as last seen; empty before the first look of the sweeper. */
  hosts: () => readonly string[];
  log: Log;
}

const stopMs = 1000;

/** Rings when Watchbell itself is broken: one loop of the agent that never depends on MongoDB to go on. */
export class SelfWatch {
  private knownHosts: readonly string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private readonly failing = new Set<string>();
  private stopped = false;

  constructor(
    private readonly ports: SelfWatchPorts,
    private readonly lookMs: number,
  ) {}

  /** Reads what was kept, then looks every lookMs until stopped. */
  start(): void {
    this.ports.wakefulness.start();
    this.work = this.restore().finally(() => this.next());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.ports.wakefulness.stop();
    await atMost(this.work, stopMs);
  }

  /** Place of this host in the last known list; a host that is not in it comes last. */
  get rank(): number {
    const index = this.knownHosts.indexOf(this.ports.hostId);
    return index < 0 ? this.knownHosts.length : index;
  }

  /** Keeps what is needed to ring without MongoDB; nothing where no channel is defined. */
  async keep(): Promise<void> {
    const { file, channel, absence } = this.ports;
    if (channel.current === null) return await file.remove();
    await file.write({ channel: channel.current, hosts: [...this.knownHosts], absence: absence.kept });
  }

  private async restore(): Promise<void> {
    const kept = await this.ports.file.read();
    if (kept === null) return;
    this.ports.channel.current = kept.channel;
    this.knownHosts = kept.hosts;
    this.ports.absence.restore(kept.absence);
  }

  private next(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.work = this.look()
        .catch((error: unknown) => this.ports.log.error('selfWatch.failed', errorFields(error)))
        .finally(() => this.next());
    }, this.lookMs);
  }

  /** MongoDB's absence comes first: it must be told although everything after it fails. */
  private async look(): Promise<void> {
    const { absence, wakefulness } = this.ports;
    await this.quietly('absence', () => absence.look(wakefulness.awakeSinceMs));
    if (!absence.lasts) await this.quietly('look', () => this.lookAtMongoDb());
    else await this.quietly('look', () => this.ports.observations.ping());
  }

  private async lookAtMongoDb(): Promise<void> {
    const { shared, wakefulness, hosts } = this.ports;
    await this.refreshChannel();
    if (hosts().length > 0) this.knownHosts = [...hosts()];
    await this.keep();
    await shared.look(wakefulness.awakeSinceMs);
  }

  private async refreshChannel(): Promise<void> {
    const { observations, channel, openChannel } = this.ports;
    const stored = await observations.selfChannel();
    if (stored === null) channel.current = null;
    else if (stored.revision !== channel.current?.revision) channel.current = openChannel(stored);
  }

  /** Said once until it works again: it comes back with each look while MongoDB is away. */
  private async quietly(what: string, step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
      this.failing.delete(what);
    } catch (error) {
      const fields = errorFields(error);
      this.ports.absence.failed(fields.error);
      if (!this.failing.has(what) && !this.stopped) this.ports.log.warn('selfWatch.lookFailed', { what, ...fields });
      this.failing.add(what);
    }
  }
}

/** What one look collects: MongoDB's view, and this process's own loops. */
export async function observe(
  observations: SelfObservations,
  at: Date,
  own: Pick<Seen, 'hostId' | 'loops'>,
): Promise<Seen> {
  const [members, brokenChannels] = await Promise.all([observations.everyone(), observations.brokenChannels()]);
  const broken = brokenChannels.map(({ name }) => name);
  return { at, members, brokenChannels, backlog: await observations.backlog(at, broken), ...own };
}
