import { errorFields } from '../../domain/log';
import type { RunQueue } from '../../repository/runQueue';
import { ownedRun } from './owned';
import type { OwningPorts } from './ports';
import { SweepLoop } from './sweepLoop';

export interface PromoterPorts extends OwningPorts {
  queue: RunQueue;
  sweepMs: number;
  /** What has waited for so long is ended as expired. */
  horizonMs: number;
}

/** Lanes that are filled at the same time. */
const atOnce = 50;

/**
 * Starts runs that wait for a lane, the oldest of each lane first. Whoever queues a run and whoever ends one that held a
 * lane tries at once; the sweep finds what they could not start.
 */
export class Promoter {
  private readonly loop: SweepLoop;
  /** The lanes that runs waited for at the last sweep. */
  private awaited: ReadonlySet<string> = new Set();
  private readonly works = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly ports: PromoterPorts) {
    const failed = (error: unknown) => this.ports.log.warn('promoter.sweepFailed', errorFields(error));
    this.loop = new SweepLoop(() => this.sweep(), ports.sweepMs, failed);
  }

  start(): void {
    this.loop.start();
  }

  /** Something was queued: look now. */
  wake(): void {
    this.loop.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop.stop();
    await Promise.all(this.works);
  }

  /** A run that held this lane has ended here; `others` says that others may wait for it. */
  freed(lane: string | null, others: boolean): void {
    if (lane === null || this.stopped || !(others || this.awaited.has(lane))) return;
    const work = this.promote([lane])
      .then(() => {})
      .catch((error: unknown) => this.ports.log.warn('promoter.failed', { lane, ...errorFields(error) }))
      .finally(() => this.works.delete(work));
    this.works.add(work);
  }

  /** Gives each of these lanes that is free to the oldest run that waits for it, and starts those. Answers their ids. */
  async promote(lanes: readonly string[]): Promise<Set<string>> {
    const { queue, starter, lease, clock, active, maxRuns, log } = this.ports;
    const { memberId: member, hostId } = lease;
    const room = active.room(maxRuns);
    if (this.stopped || !lease.valid || lease.draining || room <= 0) return new Set();
    const to = { member, hostId, now: clock.now() };
    const tried = await Promise.allSettled(lanes.slice(0, room).map(lane => queue.promote(lane, to)));
    const promoted = tried.flatMap(one => (one.status === 'fulfilled' && one.value !== null ? [one.value] : []));
    for (const run of promoted) log.info('run.promoted', { jobId: run.job, runId: run.id, lane: run.slot });
    await starter.start(
      promoted.map(run => ownedRun(run, 'promotion')),
      member,
    );
    const failed = tried.find(one => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return new Set(promoted.map(run => run.id));
  }

  private async sweep(): Promise<void> {
    const { queue, host, lease, active, maxRuns } = this.ports;
    if (!lease.valid || lease.draining) return;
    const lanes = await queue.lanes(host);
    this.awaited = new Set(lanes);
    if (lanes.length === 0) return;
    await this.expire();
    const busy = await queue.busy(lanes);
    const free = lanes.filter(lane => !busy.has(lane));
    // Each member begins elsewhere: all would try for the same lanes.
    const first = Math.floor(Math.random() * free.length);
    const order = [...free.slice(first), ...free.slice(0, first)];
    for (let from = 0; from < order.length; from += atOnce) {
      if (this.stopped || active.room(maxRuns) <= 0) return;
      await this.promote(order.slice(from, from + atOnce));
    }
  }

  private async expire(): Promise<void> {
    const { queue, clock, horizonMs, metrics, log } = this.ports;
    const now = clock.now();
    const count = await queue.expire(new Date(now.getTime() - horizonMs), now);
    if (count === 0) return;
    metrics.runs.inc({ state: 'skipped' }, count);
    log.warn('run.expired', { count, horizonMs });
  }
}
