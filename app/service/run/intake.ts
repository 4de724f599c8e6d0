import { errorFields } from '../../domain/log';
import { occurrenceId } from '../../domain/run/occurrence';
import { anywhere, placedOn } from '../../domain/run/placement';
import type { RunHint } from '../../ipc/messages';
import type { NewRun } from '../../repository/runDocument';
import type { Claimer } from './claimer';
import type { OwningPorts } from './ports';

export interface IntakePorts extends Pick<OwningPorts, 'active' | 'lease' | 'clock' | 'metrics' | 'log' | 'maxRuns'> {
  claimer: Pick<Claimer, 'claim'>;
}

/** What is announced beyond this is dropped here and announced again by the agent. */
const maxWaiting = 20_000;
const batchSize = 1000;
/** While no place is free or the lease is lost, places are looked for after this span. */
const retryMs = 50;

/** Takes announced occurrences, claims as many as can start soon, and keeps the others waiting. */
export class Intake {
  private readonly waiting = new Map<string, RunHint>();
  private pumping: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private claiming = 0;
  private stopped = false;

  constructor(private readonly ports: IntakePorts) {}

  /** Whether a batch is on its way from the claim to its start. */
  get isClaiming(): boolean {
    return this.claiming > 0;
  }

  /** Announced occurrences; the same one may come many times. */
  accept(hints: readonly RunHint[]): void {
    for (const hint of hints) {
      const key = this.keyOf(hint);
      if (this.waiting.size < maxWaiting && !this.ports.active.has(key)) this.waiting.set(key, hint);
    }
    this.pump();
  }

  /** Claims nothing any more; settles when what is being claimed has been started. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.waiting.clear();
    clearTimeout(this.timer);
    await this.pumping;
  }

  private pump(): void {
    if (this.pumping !== null || this.stopped) return;
    this.pumping = this.drain()
      .catch((error: unknown) => this.ports.log.warn('intake.claimFailed', errorFields(error)))
      .finally(() => {
        this.pumping = null;
        this.ports.metrics.waiting.set(this.waiting.size);
        if (this.waiting.size > 0 && !this.stopped) this.timer = setTimeout(() => this.pump(), retryMs);
      });
  }

  private async drain(): Promise<void> {
    const { lease, active, maxRuns, log } = this.ports;
    while (this.waiting.size > 0 && !this.stopped) {
      if (lease.draining) return this.waiting.clear();
      if (!lease.valid) {
        log.warn('intake.withoutLease', { dropped: this.waiting.size });
        this.waiting.clear();
        return;
      }
      const room = Math.min(active.room(maxRuns) - this.claiming, batchSize);
      if (room <= 0) return;
      const batch = this.take(room);
      if (batch.length === 0) continue;
      this.claiming = batch.length;
      try {
        await this.ports.claimer.claim(batch);
      } finally {
        this.claiming = 0;
      }
    }
  }

  /** The next ones that may still be claimed; what is later is settled by the misfire policy, not here. */
  private take(room: number): NewRun[] {
    const now = this.ports.clock.now().getTime();
    const batch: NewRun[] = [];
    let late = 0;
    for (const [key, hint] of this.waiting) {
      if (batch.length >= room) break;
      this.waiting.delete(key);
      if (hint.claimUntil >= now) batch.push(this.newRun(key, hint));
      else late += 1;
    }
    if (late > 0) this.ports.log.warn('intake.tooLate', { dropped: late });
    return batch;
  }

  private keyOf({ job, at, placement }: RunHint): string {
    return occurrenceId(job, new Date(at), placement?.on === 'every-host' ? this.ports.lease.hostId : undefined);
  }

  private newRun(id: string, { job, revision, at, overlap, onLost, placement = anywhere }: RunHint): NewRun {
    const { lease, clock } = this.ports;
    return {
      id,
      job,
      jobRevision: revision,
      trigger: 'schedule',
      scheduledAt: new Date(at),
      claimedAt: clock.now(),
      onLost,
      overlap,
      member: lease.memberId,
      hostId: lease.hostId,
      ...placedOn(lease.hostId, placement),
    };
  }
}
