import type { Member } from '../cluster/member';
import { errorFields, type Log } from '../domain/log';
import type { Drain, Drains } from '../repository/drains';
import { SweepLoop } from './run/sweepLoop';

export interface HostDrainPorts {
  drains: Pick<Drains, 'of'>;
  member: Member;
  sweepMs: number;
  log: Log;
  /** At each look while this host is drained. */
  drained(drain: Drain): void;
  /** The host works again. */
  ended(): void;
}

/** A worker's own look at whether its host is drained: also a worker whose agent stands still hears of it. */
export class HostDrain {
  private readonly loop: SweepLoop;

  constructor(private readonly ports: HostDrainPorts) {
    const failed = (error: unknown) => this.ports.log.warn('hostDrain.notSeen', errorFields(error));
    this.loop = new SweepLoop(() => this.look(), ports.sweepMs, failed);
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  /** Throws where MongoDB does not answer: what was seen last holds until it does. */
  async look(): Promise<void> {
    const { drains, member, log, drained, ended } = this.ports;
    const drain = await drains.of(member.hostId);
    const before = member.hostDrains;
    member.hostDrains = drain !== null;
    if (drain !== null) {
      if (!before) log.info('host.drains', { askedBy: drain.askedBy, runsUntil: drain.runsUntil });
      drained(drain);
    } else if (before) {
      log.info('host.worksAgain');
      ended();
    }
  }
}
