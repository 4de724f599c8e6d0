import type { Log } from '../domain/log';
import { selfMessage } from '../domain/selfWatch/message';
import { mostEndTries, retryMs } from '../domain/selfWatch/retry';
import { isOfOtherHost, type Seen, selfChannelName, troublesIn } from '../domain/selfWatch/troubles';
import { type FoundTrouble, type Trouble, troubleKey, troubleKinds } from '../domain/selfWatch/types';
import { isOver, lasting, type Sightings, type WatchLimits, withLook } from '../domain/selfWatch/watching';
import type { SelfAlertDoc } from '../model/selfAlert';
import type { ChannelHealth } from '../repository/channelHealth';
import type { SelfAlerts } from '../repository/selfAlerts';
import type { SelfChannel, TellResult } from './selfChannel';
import type { SelfMetrics } from './selfMetrics';

export interface SharedPorts {
  hostId: string;
  alertAfterMs: number;
  limits: WatchLimits;
  alerts: SelfAlerts;
  health: ChannelHealth;
  channel: SelfChannel;
  metrics: SelfMetrics;
  log: Log;
  now: () => Date;
  monotonic: () => number;
  observe: () => Promise<Seen>;
}

/** Messages of one look: a robot takes 20 a minute, and nobody reads more. */
const mostTellings = 3;
/** A host whose send failed leaves the next attempt to others for this long. */
const sitOutMs = 25_000;

/** Troubles that are seen while MongoDB answers: every host sees them, one host tells. */
export class SharedTroubles {
  private sightings: Sightings = new Map();
  private sitOutUntilMs = Number.NEGATIVE_INFINITY;
  private tellings = 0;

  constructor(private readonly ports: SharedPorts) {}

  /** `awakeSinceMs`: since when this process looks without a gap. Throws where MongoDB does not answer. */
  async look(awakeSinceMs: number): Promise<void> {
    const { monotonic, alerts, alertAfterMs, limits, observe } = this.ports;
    const seen = await observe();
    const found = troublesIn(seen, { alertAfterMs });
    this.sightings = withLook(this.sightings, found, monotonic(), limits);
    this.measure(found);
    const stored = new Map((await alerts.all()).map(document => [document._id, document]));
    this.tellings = 0;
    for (const trouble of lasting(found, this.sightings, monotonic())) {
      await this.tellTrouble(trouble, stored.get(troubleKey(trouble)));
    }
    for (const document of stored.values()) await this.tellEnd(document, awakeSinceMs);
  }

  private measure(found: readonly FoundTrouble[]): void {
    for (const kind of troubleKinds) {
      this.ports.metrics.troubles.set({ kind }, found.filter(trouble => trouble.kind === kind).length);
    }
  }

  private async tellTrouble(trouble: FoundTrouble, stored: SelfAlertDoc | undefined): Promise<void> {
    const { alerts, now } = this.ports;
    if (stored === undefined || stored.state !== 'open') await alerts.open(trouble, now());
    else if (stored.nextAt > now()) return;
    if (!this.mayTell) return;
    const claimed = await alerts.claim(troubleKey(trouble), 'open');
    if (claimed === null) return;
    const telling = claimed.told === 0 ? 'begins' : 'lasts';
    const { told } = await this.tell({ ...trouble, since: claimed.since }, telling, claimed);
    if (told) await alerts.told(claimed._id);
    else await alerts.notTold(claimed._id, retryMs(claimed.tries + 1));
  }

  private async tellEnd(stored: SelfAlertDoc, awakeSinceMs: number): Promise<void> {
    const { alerts, hostId, monotonic, limits } = this.ports;
    const { _id: key } = stored;
    if (stored.state === 'open') {
      const over = isOver(key, this.sightings, awakeSinceMs, monotonic(), limits);
      if (over && !isOfOtherHost(stored, hostId)) await alerts.end(key);
      return;
    }
    if (stored.state !== 'ended' || this.sightings.has(key) || !this.mayTell) return;
    const claimed = await alerts.claim(key, 'ended');
    if (claimed === null) return;
    const { told } = await this.tell(claimed, 'ends', claimed);
    if (told || claimed.tries + 1 >= mostEndTries) await alerts.close(key);
    else await alerts.notTold(key, retryMs(claimed.tries + 1));
  }

  private get mayTell(): boolean {
    return this.tellings < mostTellings && this.ports.monotonic() >= this.sitOutUntilMs;
  }

  private async tell(
    trouble: Trouble,
    telling: 'begins' | 'lasts' | 'ends',
    { told, tries }: SelfAlertDoc,
  ): Promise<TellResult> {
    this.tellings += 1;
    const now = this.ports.now();
    const result = await this.ports.channel.tell(selfMessage(trouble, telling, told + 1, now), now, tries + 1);
    if (!result.told) this.sitOutUntilMs = this.ports.monotonic() + sitOutMs;
    await this.noteHealth(result);
    return result;
  }

  /** GET /channels/self shows what this host met, as it does for every channel. */
  private async noteHealth({ broken, told }: TellResult): Promise<void> {
    const { health, channel, log } = this.ports;
    if (channel.current === null) return;
    if (broken !== null && (await health.broken(selfChannelName, channel.current.revision, broken))) {
      log.warn('channel.broken', { channel: selfChannelName, code: broken.code, error: broken.message });
    }
    if (told && broken === null) await health.works(selfChannelName);
  }
}
