import { errorFields, type Log } from '../domain/log';
import {
  type ClaimSample,
  type HeartbeatFacts,
  heartbeatWindowMs,
  whyNoHeartbeat,
  withSample,
} from '../domain/selfWatch/heartbeat';
import { getHttp } from '../net/http';
import type { OutboundPolicy } from '../net/types';
import type { HostCounts } from './hostFigures';
import type { SelfMetrics } from './selfMetrics';

export interface HeartbeatPorts {
  outbound: OutboundPolicy;
  log: Log;
  metrics: SelfMetrics;
  monotonic: () => number;
  /** MongoDB's time. */
  now: () => Date;
  renewedAgoMs: () => number | null;
  suspended: () => boolean;
  counts: () => Promise<HostCounts>;
  /** Deliveries that are due since before this time and that nobody attempted. */
  overdueDeliveries: (before: Date) => Promise<number>;
  signal: AbortSignal;
}

const longestSampleMs = 15_000;
/** A timer that comes a little early still beats. */
const slackMs = 500;
const requestMs = 10_000;
const answerLimit = 64 * 1024;

/** Calls a URL while this host works, so that somebody else notices when it does not (a dead man's switch). */
export class Heartbeat {
  private samples: ClaimSample[] = [];
  private beatMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private withheld: string | null = null;
  private stopped = false;

  constructor(
    private readonly ports: HeartbeatPorts,
    private readonly url: string,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.timer = setTimeout(
      () => {
        this.work = this.turn()
          .catch((error: unknown) => this.ports.log.error('heartbeat.broken', errorFields(error)))
          .finally(() => {
            if (!this.stopped) this.start();
          });
      },
      Math.min(longestSampleMs, this.intervalMs),
    );
  }

  /** The signal of the ports is aborted before: nothing waits longer than one ask of the workers. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  private async turn(): Promise<void> {
    const { monotonic } = this.ports;
    const { workersAnswer, announced, claimed } = await this.ports.counts();
    const atMs = monotonic();
    this.samples = withSample(this.samples, { atMs, announced, claimed });
    if (atMs - this.beatMs < this.intervalMs - slackMs) return;
    this.beatMs = atMs;
    const reason = whyNoHeartbeat(await this.facts(workersAnswer));
    if (reason === null) await this.beat();
    else this.withhold(reason);
  }

  private async facts(workersAnswer: boolean): Promise<HeartbeatFacts> {
    const { renewedAgoMs, suspended } = this.ports;
    return {
      renewedAgoMs: renewedAgoMs(),
      suspended: suspended(),
      workersAnswer,
      claims: this.samples,
      overdueDeliveries: await this.overdue(),
    };
  }

  private async overdue(): Promise<number | null> {
    try {
      return await this.ports.overdueDeliveries(new Date(this.ports.now().getTime() - heartbeatWindowMs));
    } catch (error) {
      this.ports.log.warn('heartbeat.deliveriesNotSeen', errorFields(error));
      return null;
    }
  }

  /** The address may hold a secret: no log line names it. */
  private async beat(): Promise<void> {
    const { log, metrics, outbound: policy, signal } = this.ports;
    if (this.withheld !== null) log.info('heartbeat.again');
    this.withheld = null;
    try {
      const { status } = await getHttp({ url: this.url, timeoutMs: requestMs, maxBytes: answerLimit, signal, policy });
      const ok = status >= 200 && status < 300;
      metrics.heartbeats.inc({ outcome: ok ? 'ok' : 'failed' });
      if (!ok) log.warn('heartbeat.failed', { error: `HTTP ${status}` });
    } catch (error) {
      if (this.stopped) return;
      metrics.heartbeats.inc({ outcome: 'failed' });
      log.warn('heartbeat.failed', errorFields(error));
    }
  }

  /** Said once for each reason. */
  private withhold(reason: string): void {
    this.ports.metrics.heartbeats.inc({ outcome: 'withheld' });
    if (this.withheld !== reason) this.ports.log.warn('heartbeat.withheld', { reason });
    this.withheld = reason;
  }
}
