import { type AlertNow, decideRelease } from '../../domain/delivery/release';
import type { Log } from '../../domain/log';
import type { DeliveryDoc } from '../../model/delivery';
import type { Deliveries } from '../../repository/deliveries';
import type { Subjects } from '../../repository/subjects';
import type { MuteGate } from './muteGate';

const heldPerTurn = 200;

/** Looks at what was held by mutes that are over: told after all, or muted for good (design.md §7). */
export class MuteEnd {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly gate: MuteGate,
    private readonly subjects: Subjects,
    private readonly log: Log,
  ) {}

  /** Answers how many became pending again. */
  async run(): Promise<number> {
    const active = await this.gate.active();
    const held = await this.deliveries.heldByNone(
      active.map(mute => mute._id),
      heldPerTurn,
    );
    if (held.length === 0) return 0;
    const alerts = await this.subjects.alertStates(held.map(delivery => delivery.alertId));
    let released = 0;
    for (const delivery of held) {
      const others = this.gate.among(active, delivery.labels);
      if (others.length > 0) await this.deliveries.heldByOthers(delivery, others);
      else if (await this.release(delivery, alerts.get(delivery.alertId) ?? null)) released += 1;
    }
    return released;
  }

  private async release(delivery: DeliveryDoc, alert: AlertNow): Promise<boolean> {
    const again = decideRelease(delivery.kind, alert, await this.deliveries.neighbours(delivery));
    if (!(await this.deliveries.release(delivery, again))) return false;
    this.log.info('delivery.muteEnded', { id: delivery._id, job: delivery.job, again });
    return again;
  }
}
