import type { Clock } from '../cluster/types';
import {
  type Absence,
  absenceNotTold,
  absenceTold,
  absenceToTell,
  absenceTrouble,
  noAbsence,
} from '../domain/selfWatch/away';
import { selfMessage } from '../domain/selfWatch/message';
import type { SelfAlerts } from '../repository/selfAlerts';
import type { SelfChannel } from './selfChannel';
import type { Kept } from './selfFile';

export interface AbsencePorts {
  hostId: string;
  alertAfterMs: number;
  clock: Clock;
  monotonic: () => number;
  channel: SelfChannel;
  alerts: SelfAlerts;
  /** Place of this host in the last known list. */
  rank: () => number;
  /** What was told is kept: an agent that is started anew neither repeats it nor forgets to tell the end. */
  keep: () => Promise<void>;
}

/** Rings while MongoDB is away: alone, because nothing is left by which hosts could agree. */
export class DatabaseAbsence {
  private absence: Absence;
  private renewedMs = Number.NEGATIVE_INFINITY;
  private since: Date | null = null;
  private reason: string | null = null;

  constructor(private readonly ports: AbsencePorts) {
    this.absence = noAbsence(ports.monotonic());
  }

  /** The lease was renewed: MongoDB answers, to writes too. */
  renewed(): void {
    this.renewedMs = this.ports.monotonic();
    this.reason = null;
    if (this.absence.toldMs !== null) return;
    this.absence = noAbsence(this.renewedMs);
    this.since = null;
  }

  /** Why MongoDB did not answer, in its own words. */
  failed(reason: string): void {
    this.reason = reason;
  }

  /** Ms since the last renewal; null before the first. */
  get renewedAgoMs(): number | null {
    return Number.isFinite(this.renewedMs) ? this.ports.monotonic() - this.renewedMs : null;
  }

  get kept(): Kept['absence'] {
    const { told, toldMs } = this.absence;
    if (this.since === null || toldMs === null) return null;
    const toldAt = new Date(this.ports.clock.now().getTime() - (this.ports.monotonic() - toldMs));
    return { since: this.since, toldAt, told };
  }

  /** From the file, at the start. */
  restore(kept: Kept['absence']): void {
    if (kept === null) return;
    const nowMs = this.ports.monotonic();
    const agoMs = Math.max(0, this.ports.clock.now().getTime() - kept.toldAt.getTime());
    this.since = kept.since;
    this.absence = { ...noAbsence(nowMs), told: kept.told, toldMs: nowMs - agoMs };
  }

  /**
   * Tells what is due. `awakeSinceMs`: since when this process ran without a gap; what it slept through says nothing
   * about MongoDB. Throws where MongoDB goes away while its return is noted.
   */
  async look(awakeSinceMs: number): Promise<void> {
    const { monotonic, alertAfterMs } = this.ports;
    const answeredMs = Math.max(this.absence.answeredMs, this.renewedMs, awakeSinceMs);
    this.absence = { ...this.absence, answeredMs };
    if (this.renewedAfterTold) await this.end();
    const nowMs = monotonic();
    if (absenceToTell(this.absence, nowMs, { alertAfterMs, rank: this.ports.rank() })) await this.tell();
  }

  /** MongoDB has not renewed the lease for so long that nothing that needs it is worth trying. */
  get lasts(): boolean {
    return this.ports.monotonic() - Math.max(this.absence.answeredMs, this.renewedMs) >= this.ports.alertAfterMs / 2;
  }

  private get renewedAfterTold(): boolean {
    const { toldMs, answeredMs } = this.absence;
    return toldMs !== null && this.renewedMs > toldMs && answeredMs >= toldMs;
  }

  private async tell(): Promise<void> {
    const { clock, monotonic, hostId, channel, keep } = this.ports;
    const now = clock.now();
    const since = this.since ?? new Date(now.getTime() - (monotonic() - this.absence.answeredMs));
    const trouble = absenceTrouble(hostId, since, this.reason);
    const telling = this.absence.told === 0 ? 'begins' : 'lasts';
    const message = selfMessage(trouble, telling, this.absence.told + 1, now);
    const { told } = await channel.tell(message, now, this.absence.tries + 1);
    const next = told ? absenceTold : absenceNotTold;
    this.absence = next(this.absence, monotonic());
    this.since = since;
    if (told) await keep();
  }

  /** One host tells the end; which one is settled in MongoDB, which answers again. */
  private async end(): Promise<void> {
    const { clock, hostId, alerts, monotonic, keep } = this.ports;
    const trouble = absenceTrouble(hostId, this.since ?? clock.now(), null);
    await alerts.endAbsence(trouble, this.absence.told, clock.now());
    this.absence = noAbsence(monotonic());
    this.since = null;
    await keep();
  }
}
