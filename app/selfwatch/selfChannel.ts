import type { AnyChannel } from '../channel/types';
import { ChannelError } from '../domain/errors';
import { errorFields, type Log } from '../domain/log';
import type { AlertMessage } from '../domain/message/types';
import { selfChannelName } from '../domain/selfWatch/troubles';
import type { OutboundPolicy } from '../net/types';
import type { KeptChannel } from './selfFile';
import type { SelfMetrics } from './selfMetrics';

export interface SelfChannelPorts {
  channels: ReadonlyMap<string, AnyChannel>;
  outbound: OutboundPolicy;
  log: Log;
  metrics: SelfMetrics;
  /** Aborted when the agent stops. */
  signal: AbortSignal;
}

export interface TellResult {
  told: boolean;
  /** Why not, where the remote refuses the channel for good. */
  broken: ChannelError | null;
}

const requestMs = 15_000;
/** Messages of unknown outcome that are remembered: there are never many under way. */
const mostRemembered = 100;

/** The channel named `self`, used directly: no delivery, no budget and no MongoDB stand between trouble and person. */
export class SelfChannel {
  /** As last seen in MongoDB or kept from then, its secrets opened; null where none is defined. */
  current: KeptChannel | null = null;
  private readonly uncertain = new Set<string>();

  constructor(private readonly ports: SelfChannelPorts) {}

  /** One attempt. Without a channel the message goes to the log, and that is all that can be done. Never throws. */
  async tell(message: AlertMessage, now: Date, attempt: number): Promise<TellResult> {
    const { log, metrics } = this.ports;
    const { current } = this;
    if (current === null) {
      log.error('selfWatch.noChannel', { title: message.title, note: message.note });
      return { told: true, broken: null };
    }
    const result = await this.send(current, message, now, attempt);
    metrics.messages.inc({ outcome: result.told ? 'told' : 'failed' });
    if (result.told) log.warn('selfWatch.told', { kind: message.kind, title: message.title });
    return result;
  }

  private async send(channel: KeptChannel, message: AlertMessage, now: Date, attempt: number): Promise<TellResult> {
    const key = `${message.alertId}:${message.seq}:${selfChannelName}`;
    const kind = this.ports.channels.get(channel.kind);
    let sent = 0;
    try {
      if (kind === undefined) throw unknownKind(channel.kind);
      const parts = kind.parts(channel.settings, message, { possibleDuplicate: this.uncertain.has(key), link: null });
      for (const part of parts) {
        const idempotencyKey = parts.length === 1 ? key : `${key}/${sent}`;
        await kind.send(channel.settings, part, { ...this.context(now), idempotencyKey, fence: attempt });
        sent += 1;
      }
      this.uncertain.delete(key);
      return { told: true, broken: null };
    } catch (error) {
      this.ports.log.warn('selfWatch.notTold', { title: message.title, attempt, sent, ...errorFields(error) });
      return this.judge(channel, kind, key, sent, error);
    }
  }

  private context(now: Date) {
    const { signal, outbound } = this.ports;
    return { signal, outbound, timeoutMs: requestMs, now };
  }

  /** Whoever read the first part knows: what is left of a message is not worth the first part twice. */
  private judge(
    { settings }: KeptChannel,
    kind: AnyChannel | undefined,
    key: string,
    sent: number,
    error: unknown,
  ): TellResult {
    const options = error instanceof ChannelError ? error.options : null;
    const broken = error instanceof ChannelError && options?.broken ? error : null;
    if (sent > 0) return { told: true, broken };
    if (options?.uncertain && kind?.idempotent === false) {
      if (kind.onUncertain(settings) === 'leave') return { told: true, broken };
      if (this.uncertain.size >= mostRemembered) this.uncertain.clear();
      this.uncertain.add(key);
    }
    return { told: false, broken };
  }
}

function unknownKind(kind: string): ChannelError {
  return new ChannelError('settings', `This host knows no channel kind "${kind}".`, { retryable: true });
}
